#include "core/run/executor.h"

#include <chrono>
#include <cmath>

namespace ds::core {
namespace {

constexpr size_t kMaxPrograms = 2048;
constexpr size_t kMaxLog = 64;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

const Operator* Executor::role(std::string_view name, Status* status) {
  auto it = roles_.find(std::string(name));
  if (it != roles_.end()) return it->second;
  const Operator* op = registry.find_role(name, status);
  if (op) roles_.emplace(name, op);
  return op;
}

void Executor::random_state(uint64_t count, uint64_t state[2]) {
  state[0] = seed;
  state[1] = random_offset;
  random_offset += count;
}

CompileOptions Executor::compile_options() const {
  CompileOptions options;
  options.passes = !options_.eager;
  options.strict = options_.strict;
  options.kernels = options_.kernels;
  options.composites = options_.composites;
  options.default_float = options_.default_float;
  return options;
}

Status Executor::place_of(const Data& data, Place* place) {
  if (data.failure) return Status(data.failure_code, *data.failure, data.failure_location);
  if (data.scalar) {
    place->scalar = data.bytes;
  } else if (data.buffer) {
    place->buffer = data.buffer;
    place->offset = data.byte_offset;
  } else {
    return error(DS_INTERNAL, "the content of a value was given up");
  }
  return {};
}

Status Executor::find_program(const Graph& graph, const Wanted& wanted, const std::vector<bool>& donated,
                              bool leaf_views, Program** program, bool* hit) {
  auto [begin, end] = programs_.equal_range(graph.hash());
  for (auto it = begin; it != end; ++it) {
    Program& candidate = *it->second;
    if (candidate.generation == registry.generation() && candidate.serves(graph, wanted.ids, donated, leaf_views)) {
      *hit = true;
      return *program = &candidate, Status();
    }
  }
  *hit = false;
  double start = now();
  CompileOptions options = compile_options();
  options.leaf_views = leaf_views;
  std::unique_ptr<Program> made;
  DS_RETURN_IF_ERROR(Program::compile(registry, graph, wanted.ids, donated, options, &made));
  counters.compile_seconds += now() - start;
  ++counters.compiled;
  made->number = ++program_count_;
  if (programs_.size() >= kMaxPrograms) programs_.clear();
  *program = programs_.emplace(graph.hash(), std::move(made))->second.get();
  return {};
}

Status Executor::settle_result(Data& data, const Place& place, const ds_spec& spec) {
  data.settle();
  data.flush = counters.flushes;
  data.spec = spec;
  if (!place.scalar && !place.buffer->foreign()) {
    data.buffer = place.buffer;
    data.byte_offset = place.offset;
    return {};
  }
  Device* device;
  DS_RETURN_IF_ERROR(devices.open(spec.device, &device));
  DS_RETURN_IF_ERROR(device->allocate(byte_count(spec), &data.buffer));
  data.byte_offset = 0;
  const void* source = place.scalar ? place.scalar : static_cast<const char*>(place.buffer->memory) + place.offset;
  return device->copy_in(source, *data.buffer, 0, byte_count(spec));
}

Status Executor::flush(Recorder& recorder, FlushReason reason, uint64_t location) {
  try {
    return run(recorder, reason, location);
  } catch (...) {  // out of memory: nobody may wait for what is given up
    give_up(recorder, Status(DS_OUT_OF_MEMORY, "out of memory while running what was recorded", location));
    recorder.clear();
    throw;
  }
}

Status Executor::run(Recorder& recorder, FlushReason reason, uint64_t location) {
  const Graph& graph = recorder.graph();
  Flush mine = std::move(flush_);
  auto& [wanted, places, results, donated, specs] = mine;
  struct GiveBack {
    Executor& executor;
    Flush& mine;
    ~GiveBack() {
      mine.wanted.ids.clear();
      mine.wanted.data.clear();
      mine.places.clear();
      mine.results.clear();
      executor.flush_ = std::move(mine);
    }
  } give_back{*this, mine};
  auto waiting = recorder.waiting();
  for (ValueId id = 0; id < waiting.size(); ++id)
    if (waiting[id] && waiting[id]->wanted()) {
      wanted.ids.push_back(id);
      wanted.data.push_back(waiting[id]);
    }
  bool effects = false, may_fail = false, leaf_views = true;
  for (auto& node : graph.nodes()) {
    effects |= node.op->has(DS_TRAIT_EFFECT);
    may_fail |= node.op->has(DS_TRAIT_MAY_FAIL);
  }
  if (wanted.ids.empty() && !effects) return recorder.clear(), Status();

  double start = now();
  ++counters.flushes;
  ++counters.reasons[size_t(reason)];
  counters.nodes += graph.nodes().size();
  FlushRecord record;
  record.number = counters.flushes;
  record.location = location;
  record.reason = reason;
  record.nodes = graph.nodes().size();
  auto finish = [&](Status status) {
    record.seconds = now() - start;
    counters.run_seconds += record.seconds;
    log.push_back(std::move(record));
    if (log.size() > kMaxLog) log.pop_front();
    recorder.clear();
    return status;
  };
  if (options_.check_finite) return finish(run_singly(recorder, {}));

  // Leaves that only this recording still wants give their memory away.
  places.resize(recorder.leaves().size());
  donated.assign(places.size(), false);
  for (size_t i = 0; i < places.size(); ++i) {
    Data& data = *recorder.leaves()[i].get();
    DS_RETURN_IF_ERROR(place_of(data, &places[i]));
    if (!data.scalar) {
      leaf_views &= !data.buffer->foreign();
      // Held by the data and by places.
      donated[i] = !may_fail && data.wanted_once() && data.buffer->references() == 2 && !data.buffer->foreign() &&
                   !data.buffer->read_only;
    }
  }
  Program* program = nullptr;
  Status status = find_program(graph, wanted, donated, leaf_views, &program, &record.hit);
  if (!status) {
    counters.hits += record.hit;
    counters.launches += program->launches();
    record.program = program->number;
    record.replay = program->runs;
    record.launches = program->launches();
    record.arena_bytes = program->arena_bytes();
    record.notes = program->notes();
    status = program->run(devices, places, &results, &specs);
  }
  Attempt attempt;
  if (status) attempt.known.resize(graph.values().size());
  size_t at = 0;
  for (size_t i = 0; i < wanted.ids.size() && !results.empty(); ++i) {
    while (program->outputs()[at] != wanted.ids[i]) ++at;
    if (!results[at].buffer && !results[at].scalar) continue;  // it was not reached
    if (status) attempt.known[wanted.ids[i]] = results[at];
    if (Status failed = settle_result(*wanted.data[i], results[at], specs[at])) return finish(std::move(failed));
  }
  if (!status) return finish({});
  if (program) attempt.remains = program->remains();
  record.notes = nullptr;
  record.problem = status.text();
  attempt.failure = std::make_shared<const Status>(std::move(status));
  places.clear();
  return finish(run_singly(recorder, std::move(attempt)));  // a pass or kernel may fail where operators do not
}

Status Executor::run_node(const Graph& graph, const Node& node, std::span<const Place> places,
                          std::vector<Place>* outputs, std::vector<ds_spec>* specs) {
  Graph single;
  std::vector<ValueId> inputs, results;
  std::vector<Place> leaves;
  for (ValueId input : graph.inputs(node)) {
    if (input == kNone) {
      inputs.push_back(kNone);
      continue;
    }
    inputs.push_back(single.add_leaf(graph.value(input).spec, places[input].scalar));
    leaves.push_back(places[input]);
  }
  std::vector<ds_spec> out;
  for (uint32_t i = 0; i < node.output_count; ++i) out.push_back(graph.value(node.first_output + i).spec);
  NodeId id = single.add_node(*node.op, inputs, graph.attributes(node), out, node.location);
  for (uint32_t i = 0; i < node.output_count; ++i) results.push_back(single.node(id).first_output + i);
  CompileOptions options = compile_options();
  options.passes = false;
  options.leaf_views = false;
  std::unique_ptr<Program> program;
  DS_RETURN_IF_ERROR(Program::compile(registry, single, results, std::vector<bool>(leaves.size()), options, &program));
  return program->run(devices, leaves, outputs, specs);
}

Status Executor::check_finite(const Graph& graph, const Node& node, std::span<const Place> outputs) {
  for (uint32_t i = 0; i < node.output_count; ++i) {
    const ds_spec& spec = graph.value(node.first_output + i).spec;
    if (!is_float(spec.dtype) || !outputs[i].buffer) continue;
    std::vector<char> bytes(byte_count(spec));
    Device* device;
    DS_RETURN_IF_ERROR(devices.open(spec.device, &device));
    DS_RETURN_IF_ERROR(device->copy_out(*outputs[i].buffer, outputs[i].offset, bytes.data(), bytes.size()));
    uint64_t size = dtype_size(spec.dtype);
    for (uint64_t e = 0; e < element_count(spec); ++e) {
      ds_value value;
      DS_RETURN_IF_ERROR(unpack_scalar(spec.dtype, bytes.data() + e * size, &value));
      if (std::isfinite(value.u.f)) continue;
      return error(DS_NON_FINITE, node.op->name(), ": output ", i, " ", spec_text(spec), " is ",
                   std::isnan(value.u.f) ? "NaN"
                   : value.u.f > 0       ? "inf"
                                         : "-inf",
                   " at element ", e);
    }
  }
  return {};
}

void Executor::give_up(Recorder& recorder, const Status& status) {
  auto failed = std::make_shared<const Status>(status.code(), status.text(), status.location());
  for (size_t i = 0; i < recorder.waiting().size(); ++i)
    if (Data* data = recorder.waiting()[i]) data->fail(failed);
}

Status Executor::run_singly(Recorder& recorder, Attempt attempt) {
  const Graph& graph = recorder.graph();
  std::vector<Place> places = std::move(attempt.known);
  places.resize(graph.values().size());
  auto known = [&](ValueId id) { return places[id].buffer || places[id].scalar; };
  std::vector<std::shared_ptr<const Status>> failures(graph.values().size());
  std::vector<uint32_t> uses(graph.values().size());
  for (auto& node : graph.nodes())
    for (ValueId input : graph.inputs(node))
      if (input != kNone) ++uses[input];
  auto leaves = graph.leaves();
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (i < attempt.remains.overwritten.size() && attempt.remains.overwritten[i])
      failures[leaves[i]] = attempt.failure;
    else
      DS_RETURN_IF_ERROR(place_of(*recorder.leaves()[i].get(), &places[leaves[i]]));
  }

  Status first;
  auto fail = [&](ValueId id, const std::shared_ptr<const Status>& why) {
    if (!first) first = Status(why->code(), why->text(), why->location());
    failures[id] = why;
    if (Data* data = recorder.waiting()[id]) data->fail(why);
  };
  uint32_t effects = 0;
  for (auto& node : graph.nodes()) {
    // An effect happens once: what it answered is known if somebody wanted it, and lost otherwise.
    bool happened = node.op->has(DS_TRAIT_EFFECT) && effects++ < attempt.remains.effects;
    bool complete = true;
    std::shared_ptr<const Status> failed = happened ? attempt.failure : nullptr;
    for (uint32_t i = 0; i < node.output_count; ++i) complete &= known(node.first_output + i);
    for (ValueId input : graph.inputs(node))
      if (input != kNone && failures[input] && !happened) failed = failures[input];
    std::vector<Place> outputs;
    std::vector<ds_spec> specs;
    if (!complete && !failed) {
      Status status = run_node(graph, node, places, &outputs, &specs);
      if (!status && options_.check_finite) status = check_finite(graph, node, outputs);
      if (status) failed = std::make_shared<const Status>(std::move(status).at(node.location));
    }
    for (uint32_t i = 0; i < node.output_count; ++i) {
      ValueId id = node.first_output + i;
      if (known(id)) continue;
      if (failed) {
        fail(id, failed);
        continue;
      }
      places[id] = outputs[i];
      Data* data = recorder.waiting()[id];
      if (data && data->wanted()) DS_RETURN_IF_ERROR(settle_result(*data, outputs[i], specs[i]));
    }
    for (ValueId input : graph.inputs(node))
      if (input != kNone && --uses[input] == 0) places[input] = Place();
  }
  return first;
}

Status Executor::read(const Value& value, void* target, uint64_t nbytes) {
  const Data& data = *value.content.get();
  Place place;
  DS_RETURN_IF_ERROR(place_of(data, &place));
  uint64_t size = byte_count(data.spec);
  if (nbytes != size)
    return error(DS_INVALID_ARGUMENT, "read: ", nbytes, " bytes given for ", spec_text(data.spec), ", which has ",
                 size);
  if (place.scalar) return std::memcpy(target, place.scalar, size), Status();
  Device* device;
  DS_RETURN_IF_ERROR(devices.open(data.spec.device, &device));
  return device->copy_out(*place.buffer, place.offset, target, size);
}

}  // namespace ds::core

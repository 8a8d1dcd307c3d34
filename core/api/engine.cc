// The engine seen from outside: evaluating, counters, explain.
#include <cstdio>

#include "core/api/context.h"

namespace ds::core {
namespace {

std::string bytes_text(uint64_t bytes) {
  char text[32];
  double value = double(bytes);
  const char* unit = "B";
  for (const char* next : {"kB", "MB", "GB"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  std::snprintf(text, sizeof text, value < 10 && *unit != 'B' ? "%.1f %s" : "%.0f %s", value, unit);
  return text;
}

}  // namespace
}  // namespace ds::core

using namespace ds::core;

int32_t ds_evaluate(ds_handle context, const ds_handle* tensors, uint64_t count, uint64_t location) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    if (!count) return t.recorder.flush(FlushReason::kStep, location);
    for (uint64_t i = 0; i < count; ++i) {
      Tensor* tensor;
      DS_RETURN_IF_ERROR(c.tensor(tensors[i], &tensor));
      DS_RETURN_IF_ERROR(t.recorder.make_ready(tensor->storage->value, location));
    }
    return {};
  });
}

int32_t ds_seed(ds_handle context, uint64_t seed) {
  return enter(context, [&](Context& c, ThreadState&) {
    c.executor.seed = seed;
    c.executor.random_offset = 0;
    return Status();
  });
}

int32_t ds_random_state(ds_handle context, uint64_t state[2], int32_t set) {
  return enter(context, [&](Context& c, ThreadState&) {
    uint64_t* own[] = {&c.executor.seed, &c.executor.random_offset};
    for (int i = 0; i < 2; ++i) (set ? *own[i] : state[i]) = set ? state[i] : *own[i];
    return Status();
  });
}

int32_t ds_counters(ds_handle context, ds_answer_sink sink, void* user) {
  std::vector<std::pair<std::string, ds_value>> rows;
  int32_t status = enter(context, [&](Context& c, ThreadState& t) -> Status {
    auto row = [&](std::string_view name, ds_value value) { rows.emplace_back(name, value); };
    auto count = [&](std::string_view name, uint64_t n) { row(name, {DS_INT, 0, {.i = int64_t(n)}}); };
    const Counters& k = c.executor.counters;
    count("nodes_recorded", t.recorder.nodes_recorded);
    count("nodes_pending", t.recorder.graph().nodes().size());
    count("nodes_run", k.nodes);
    count("launches", k.launches);
    count("flushes", k.flushes);
    for (size_t r = 0; r < std::size(k.reasons); ++r)
      if (k.reasons[r]) count(cat("flushes: ", flush_reason_name(FlushReason(r))), k.reasons[r]);
    count("programs_compiled", k.compiled);
    count("programs_hit", k.hits);
    row("compile_seconds", {DS_FLOAT, 0, {.f = k.compile_seconds}});
    row("run_seconds", {DS_FLOAT, 0, {.f = k.run_seconds}});
    count("tensors_live", c.tensors.live());
    c.executor.devices.each([&](Device& device) {
      count(cat(device.name(), " bytes_in_use"), device.bytes_in_use);
      count(cat(device.name(), " bytes_peak"), device.bytes_peak);
      count(cat(device.name(), " bytes_cached"), device.bytes_cached);
    });
    return {};
  });
  for (auto& [name, value] : rows) {
    ds_value values[] = {{DS_STRING, uint32_t(name.size()), {.s = name.data()}}, value};
    if (!status) status = sink(user, values, 2);
  }
  return status;
}

int32_t ds_explain(ds_handle context, ds_handle handle, ds_text_sink sink, void* user) {
  struct Line {
    std::string text;
    uint64_t location = 0;  // resolved when no lock is held
  };
  std::vector<Line> lines;
  Context* found = nullptr;
  int32_t status = enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    found = &c;
    const Data& data = *tensor->storage->value.content.get();
    lines.push_back({cat("value     ", spec_text(data.spec), ", ", bytes_text(byte_count(data.spec)),
                         tensor->view ? ", seen through a view" : "")});
    if (data.failure) return lines.push_back({"failed    " + *data.failure, data.failure_location}), Status();
    if (data.recorder) {
      lines.push_back({cat("recorded  not run yet: nobody looked at it; ", data.recorder->graph().nodes().size(),
                           " nodes are pending")});
      return {};
    }
    auto& log = c.executor.log;
    auto flush = std::find_if(log.begin(), log.end(), [&](auto& f) { return f.number == data.flush; });
    if (!data.flush || flush == log.end()) {
      lines.push_back(
          {data.flush ? "computed  long ago: only the latest flushes are remembered" : "given     not computed here"});
      return {};
    }
    lines.push_back({cat("flushed   ", flush_reason_name(flush->reason)), flush->location});
    if (!flush->notes) {
      lines.push_back({cat("program   none: ", flush->nodes, " nodes were run one by one",
                           flush->problem.empty() ? "" : ", because ", flush->problem)});
      return {};
    }
    char text[160];
    std::snprintf(text, sizeof text, "program   %s #%llu (run %llu), %llu nodes -> %llu launches, %.2f ms",
                  flush->hit ? "hit" : "compiled", (unsigned long long)flush->program,
                  (unsigned long long)flush->replay + 1, (unsigned long long)flush->nodes,
                  (unsigned long long)flush->launches, flush->seconds * 1e3);
    lines.push_back({text});
    std::string kernels;
    for (auto& [name, count] : flush->notes->kernels) kernels += cat(kernels.empty() ? "" : ", ", name, " ", count);
    lines.push_back({"launches  " + kernels});
    for (const Note& note : flush->notes->passes) lines.push_back({note.text, note.location});
    lines.push_back({cat("arena     ", bytes_text(flush->arena_bytes))});
    return {};
  });
  if (status) return status;
  try {
    for (Line& line : lines) {
      if (line.location) line.text += "   " + found->location_text(line.location);
      if (int32_t stop = sink(user, line.text.data(), line.text.size())) return stop;
    }
  } catch (...) {
    return DS_OUT_OF_MEMORY;
  }
  return DS_OK;
}

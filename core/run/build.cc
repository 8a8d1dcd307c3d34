// Compiling: composites and passes, a kernel for every node, memory, instructions.
#include <algorithm>

#include "core/run/program.h"

namespace ds::core {

class ProgramBuilder {
 public:
  ProgramBuilder(Registry& registry, const Graph& graph, std::span<const ValueId> outputs,
                 const std::vector<bool>& donated, const CompileOptions& options)
      : registry_(registry),
        options_(options),
        edit_(registry, options.default_float, graph, outputs, donated),
        program_(new Program(graph)) {
    if (options.strict || !options.passes) edit_.node_flags |= DS_NODE_STRICT;
  }

  Status build(std::span<const ValueId> outputs, const std::vector<bool>& donated) {
    // Its driver brings ds.threads, which kernels ask for while they are chosen.
    Status absent;
    registry_.find_device("cpu", &absent);
    program_->outputs_.assign(outputs.begin(), outputs.end());
    program_->donated_ = donated;
    program_->leaf_views_ = options_.leaf_views;
    DS_RETURN_IF_ERROR(choose(true));
    DS_RETURN_IF_ERROR(run_passes(DS_STAGE_GRAPH));
    DS_RETURN_IF_ERROR(choose(false));
    alias_views();
    edit_.start_program_stage();
    DS_RETURN_IF_ERROR(run_passes(DS_STAGE_PROGRAM));
    edit_.default_placement();
    DS_RETURN_IF_ERROR(emit());
    // Compiling itself opens the plugins it needs.
    program_->generation = registry_.generation();
    return {};
  }

  std::unique_ptr<Program> take() { return std::move(program_); }

 private:
  std::string_view device_name(const ds_device_id& id) {
    if (id.type == DS_DEVICE_CPU) return "cpu";
    auto* driver = registry_.find_device(id.type);
    return driver ? std::string_view(driver->table.name.data, driver->table.name.size) : "";
  }

  static bool takes_dtype(const ds_kernel& kernel, ds_dtype dtype) {
    std::string_view list(kernel.dtypes.data, kernel.dtypes.size);
    if (list.empty()) return true;
    std::string name = dtype_name(dtype);
    for (size_t at = 0; at < list.size();) {
      size_t end = std::min(list.find(' ', at), list.size());
      if (list.substr(at, end - at) == name) return true;
      at = end + 1;
    }
    return false;
  }

  // The best supporting row: priority first, then estimated cost.
  bool find_kernel(NodeId id, Choice* choice) {
    ds_edit_node described;
    edit_.describe(id, &described);
    const ds_node& node = described.node;
    const ds_spec* typical = node.output_count ? node.outputs[0] : node.input_count ? node.inputs[0] : nullptr;
    if (!typical) return false;
    const ds_spec* keyed = node.input_count && node.inputs[0]->kind == DS_KIND_TENSOR ? node.inputs[0] : typical;
    const Operator& op = *edit_.graph().node(id).op;
    bool found = false;
    for (auto* kernel : registry_.kernels(op, device_name(typical->device))) {
      const ds_kernel& k = kernel->table;
      if (found && k.priority < choice->kernel->table.priority) break;
      if (op.table.version < k.version_minimum || (k.version_maximum && op.table.version > k.version_maximum)) continue;
      if (!takes_dtype(k, keyed->dtype)) continue;
      ds_kernel_offer offer{};
      offer.size = sizeof offer;
      if (k.supports(k.self, &node, &offer) != DS_OK) continue;
      if (!found || offer.cost < choice->offer.cost) *choice = {kernel, offer};
      found = true;
    }
    return found;
  }

  // Every node gets a kernel, is decomposed, or falls back to its reference. first: only decomposition matters yet.
  Status choose(bool first) {
    for (NodeId id = edit_.next(kNone); id != kNone;) {
      const Node node = edit_.graph().node(id);
      edit_.choices.resize(std::max<size_t>(edit_.choices.size(), id + 1));
      Choice& choice = edit_.choices[id] = Choice{};
      bool composite = node.op->table.decompose;
      bool found = false;
      if ((!composite || options_.composites) && options_.kernels && (composite || !first))
        found = find_kernel(id, &choice);
      // With kernels off a composite's own reference is what is asked for.
      bool keep = !options_.kernels && options_.composites && node.op->table.reference;
      if (composite && !found && !keep) {
        NodeId before = edit_.previous(id);
        bool done;
        if (++decompositions_ > kMostDecompositions)
          return error(DS_BAD_PLUGIN, node.op->name(), ": decomposing does not end").at(node.location);
        DS_RETURN_IF_ERROR(edit_.decompose(id, &done));
        id = edit_.next(before);  // its parts are looked at as well
        continue;
      }
      if (!found && !first) DS_RETURN_IF_ERROR(fall_back(node, &choice));
      id = edit_.next(id);
    }
    edit_.choices.resize(edit_.graph().nodes().size());
    return {};
  }

  Status fall_back(const Node& node, Choice* choice) {
    ds_device_id device{DS_DEVICE_CPU, 0};
    if (node.output_count) device = edit_.graph().value(node.first_output).spec.device;
    if (device.type != DS_DEVICE_CPU)
      return error(DS_UNSUPPORTED, node.op->name(), ": no kernel for it on device ", device_name(device), ":",
                   device.index)
          .at(node.location);
    if (!node.op->table.reference)
      return error(DS_UNIMPLEMENTED, node.op->name(), ": neither kernel nor reference").at(node.location);
    choice->offer.strided_inputs = ~0ull;
    return {};
  }

  Status run_passes(uint32_t stage) {
    if (!options_.passes) return {};
    for (auto* pass : registry_.passes()) {
      if (pass->table.stage != stage || (options_.strict && pass->table.numerics != DS_EXACT)) continue;
      int32_t status = pass->table.run(pass->table.self, edit_.table());
      std::string_view name(pass->table.name.data, pass->table.name.size);
      if (edit_.failure) return std::move(edit_.failure).in(cat("pass ", name));
      if (status) return error(status, "pass ", name, " failed");
      if (auto broken = edit_.verify()) return std::move(broken).in(cat("after pass ", name));
    }
    return {};
  }

  // A read_view whose users take strides, or that is dense, is no copy but another look at the same memory.
  void alias_views() {
    const Graph& graph = edit_.graph();
    edit_.aliases.assign(graph.values().size(), Alias{});
    for (NodeId id = edit_.next(kNone); id != kNone; id = edit_.next(id)) {
      const Node& node = graph.node(id);
      if (node.op->role != "read_view") continue;
      ValueId base = graph.inputs(node)[0], out = node.first_output;
      auto attributes = graph.attributes(node);
      ds_view_spec view{};
      view.offset = attributes[0].u.i;
      view.rank = int32_t(attributes[1].count);
      view.dtype = graph.value(out).spec.dtype;
      std::copy_n(attributes[1].u.is, view.rank, view.shape);
      std::copy_n(attributes[2].u.is, view.rank, view.strides);
      bool dense = is_dense(view);
      if (edit_.aliases[base].base != kNone) {
        const Alias& below = edit_.aliases[base];
        if (!is_dense(below.view)) continue;
        view.offset += below.view.offset;
        base = below.base;
      }
      const ValueInfo& owner = graph.value(base);
      if (owner.kind == ValueKind::kScalar && !edit_.host_memory(owner.spec.device)) continue;
      if (!dense && !users_take_strides(out)) continue;
      if (edit_.is_output(out) && !may_leave(owner, view, dense)) continue;
      edit_.aliases[out] = {base, view};
    }
  }

  bool users_take_strides(ValueId value) {
    const Graph& graph = edit_.graph();
    if (edit_.is_output(value)) return false;
    for (NodeId user : edit_.users(value)) {
      const Node& node = graph.node(user);
      if (node.op->role == "read_view") return false;  // it reads dense memory
      auto inputs = graph.inputs(node);
      for (uint32_t i = 0; i < inputs.size(); ++i)
        if (inputs[i] == value && (i > 63 || !(edit_.choices[user].offer.strided_inputs >> i & 1))) return false;
    }
    return true;
  }

  // Whether an output may keep its base's memory alive: not much more than itself, and nobody else's.
  bool may_leave(const ValueInfo& owner, const ds_view_spec& view, bool dense) {
    if (!dense || owner.kind == ValueKind::kConstant || owner.kind == ValueKind::kScalar) return false;
    if (owner.kind == ValueKind::kLeaf && !options_.leaf_views) return false;
    return view_elements(view) * 2 >= element_count(owner.spec);
  }

  Status emit() {
    const Graph& graph = edit_.graph();
    Program& p = *program_;
    for (ValueId leaf : p.graph_.leaves()) {
      const ds_spec& spec = p.graph_.value(leaf).spec;
      p.leaves_.push_back({{}, nullptr, 0, byte_count(spec), spec.device});
    }
    p.constants_.assign(graph.constants().begin(), graph.constants().end());
    owned_.assign(graph.values().size(), kNone);
    uint64_t workspace = 0;
    for (NodeId id = edit_.next(kNone); id != kNone; id = edit_.next(id)) {
      const Node& node = graph.node(id);
      if (node.op->role == "read_view" && edit_.aliases[node.first_output].base != kNone) continue;
      uint64_t needs = 0;
      if (auto status = emit_node(id, &needs)) return std::move(status).at(node.location);
      workspace = std::max(workspace, needs);
    }
    if (workspace > kLargestArena || edit_.arena_bytes() > kLargestArena)
      return error(DS_OUT_OF_MEMORY, "cannot allocate an arena of ", edit_.arena_bytes(), " and a workspace of ",
                   workspace, " bytes");
    p.workspace_offset_ = (edit_.arena_bytes() + 63) & ~63ull;
    p.arena_bytes_ = p.workspace_offset_ + workspace;
    for (ValueId output : edit_.outputs()) {
      ValueId home = edit_.root(output);
      const ValueInfo& v = graph.value(home);
      Memory memory = edit_.memory(home);
      uint32_t index = v.index;
      if (memory == Memory::kOwned) index = owned(home);
      const ValueInfo& info = graph.value(output);
      bool dependent = info.producer != kNone && graph.node(info.producer).op->has(DS_TRAIT_DATA_DEPENDENT);
      uint64_t offset = 0;
      if (edit_.aliases[output].base != kNone)
        offset = uint64_t(edit_.aliases[output].view.offset) * dtype_size(info.spec.dtype);
      ValueId source = edit_.aliases[output].base != kNone ? edit_.aliases[output].base : output;
      NodeId producer = graph.value(source).producer;
      uint32_t needs = producer == kNone ? 0 : instruction_of_[producer] + 1;
      p.results_.push_back({memory, index, offset, info.spec, dependent, needs});
    }
    std::stable_sort(kernels_.begin(), kernels_.end(), [](auto& a, auto& b) { return a.second > b.second; });
    p.notes_ = std::make_shared<const ProgramNotes>(ProgramNotes{std::move(edit_.notes), std::move(kernels_)});
    return {};
  }

  uint32_t owned(ValueId home) {
    if (owned_[home] == kNone) {
      const ValueInfo& value = edit_.graph().value(home);
      owned_[home] = uint32_t(program_->owned_.size());
      auto& owned = program_->owned_.emplace_back(Program::Owned{byte_count(value.spec), value.spec.device, {}});
      if (value.producer != kNone) {
        owned.op = edit_.graph().node(value.producer).op;
        owned.location = edit_.graph().node(value.producer).location;
      }
    }
    return owned_[home];
  }

  ds_tensor* operand(ValueId value, bool result) {
    const Graph& graph = edit_.graph();
    Program& p = *program_;
    const ValueInfo& info = graph.value(value);
    const Alias& alias = edit_.aliases[value];
    ds_view_spec view = alias.base != kNone ? alias.view : dense_view(info.spec);
    p.records_.emplace_back();
    TensorRecord* record = &p.records_.back();
    record->set(view, info.spec.device, byte_count(info.spec));
    ValueId home = edit_.root(value);
    uint64_t offset = alias.base != kNone ? uint64_t(view.offset) * dtype_size(info.spec.dtype) : 0;
    const ValueInfo& owner = graph.value(home);
    switch (edit_.memory(home)) {
      case Memory::kLeaf:
        p.leaves_[owner.index].patches.push_back({record, offset});
        if (!result && owner.kind == ValueKind::kLeaf) record->tensor.flags |= DS_TENSOR_READ_ONLY;
        break;
      case Memory::kConstant:
        record->tensor.dl.data = static_cast<char*>(graph.constants()[owner.index]->memory) + offset;
        record->tensor.version = graph.constants()[owner.index]->version;
        record->tensor.flags |= DS_TENSOR_CONSTANT | DS_TENSOR_READ_ONLY;
        break;
      case Memory::kArena:
        p.arena_patches_.push_back({record, edit_.offset(home) + offset});
        break;
      case Memory::kOwned: {
        uint32_t index = owned(home);
        p.owned_[index].patches.push_back({record, offset});
        if (result && home == value) p.owned_[index].producer = record;
        break;
      }
      case Memory::kNothing:
        break;
    }
    return &record->tensor;
  }

  Status emit_node(NodeId id, uint64_t* workspace) {
    const Graph& graph = edit_.graph();
    Program& p = *program_;
    const Node& node = graph.node(id);
    const Choice& choice = edit_.choices[id];
    auto& in = p.operands_.emplace_back();
    auto& out = p.operands_.emplace_back();
    std::vector<const int64_t*> strides;
    for (ValueId input : graph.inputs(node)) {
      in.push_back(input == kNone ? nullptr : operand(input, false));
      strides.push_back(input != kNone && !(in.back()->flags & DS_TENSOR_DENSE) ? in.back()->dl.strides : nullptr);
    }
    for (uint32_t i = 0; i < node.output_count; ++i) out.push_back(operand(node.first_output + i, true));
    auto given = graph.attributes(node);
    auto* attributes = p.attribute_memory_.array<ds_value>(given.size());
    for (size_t i = 0; i < given.size(); ++i) attributes[i] = copy_value(given[i], p.attribute_memory_);

    Program::Instruction instruction{};
    instruction.op = node.op;
    instruction.location = node.location;
    instruction.overwrites = kNone;
    if (node.output_count) {
      const ValueInfo& home = graph.value(edit_.root(node.first_output));
      if (home.kind == ValueKind::kLeaf) instruction.overwrites = home.index;
    }
    instruction_of_.resize(graph.nodes().size());
    instruction_of_[id] = uint32_t(p.instructions_.size());
    instruction.args = {
        p.errors_.get(),      in.data(), out.data(), attributes, uint32_t(in.size()), uint32_t(out.size()),
        node.attribute_count, 0,         nullptr,    nullptr};
    if (!choice.kernel) {
      instruction.run = [](void* state, const ds_run_args* args) {
        auto* op = static_cast<const Operator*>(state);
        return op->table.reference(op->table.self, args);
      };
      instruction.state = const_cast<Operator*>(node.op);
      count_kernel(cat(node.op->name(), " (reference)"));
    } else {
      const ds_kernel& kernel = choice.kernel->table;
      ds_edit_node described;
      edit_.describe(id, &described);
      described.node.input_strides = strides.data();
      described.node.attributes = attributes;
      ErrorSink sink;
      int32_t status = kernel.create(kernel.self, &described.node, sink.get(), &instruction.state, workspace);
      if (status) return sink.take(status, cat("kernel ", std::string_view(kernel.name.data, kernel.name.size)));
      instruction.run = kernel.run;
      instruction.destroy = kernel.destroy;
      count_kernel({kernel.name.data, kernel.name.size});
    }
    p.instructions_.push_back(instruction);
    return {};
  }

  void count_kernel(std::string name) {
    for (auto& [known, count] : kernels_)
      if (known == name) return void(++count);
    kernels_.emplace_back(std::move(name), 1);
  }

  Registry& registry_;
  const CompileOptions& options_;
  Edit edit_;
  std::unique_ptr<Program> program_;
  std::vector<uint32_t> owned_, instruction_of_;
  std::vector<std::pair<std::string, uint32_t>> kernels_;
  static constexpr uint32_t kMostDecompositions = 1u << 20;
  uint32_t decompositions_ = 0;
};

Status Program::compile(Registry& registry, const Graph& graph, std::span<const ValueId> outputs,
                        const std::vector<bool>& donated, const CompileOptions& options,
                        std::unique_ptr<Program>* program) {
  ProgramBuilder builder(registry, graph, outputs, donated, options);
  DS_RETURN_IF_ERROR(builder.build(outputs, donated));
  *program = builder.take();
  return {};
}

}  // namespace ds::core

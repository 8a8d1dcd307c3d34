#include "session.h"

#include <omp.h>

#include <cstring>

namespace ds::onednn {
namespace {

uint64_t aligned(uint64_t nbytes) { return (nbytes + 63) & ~63ull; }

template <class Word>
void gather_row(char* to, const char* from, int64_t count, int64_t stride) {
  auto* out = reinterpret_cast<Word*>(to);
  auto* in = reinterpret_cast<const Word*>(from);
  for (int64_t k = 0; k < count; ++k) out[k] = in[k * stride];
}

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine* const only = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *only;
}

int32_t use_threads() {
  thread_local int32_t told = 0;
  const ds_threads& pool = threads();
  int32_t count = 1;
  if (pool.thread_count(&pool, &count)) count = 1;
  if (count != told) omp_set_num_threads(told = count);
  return count;
}

Type type_of(ds_dtype dtype) {
  switch (dtype) {
    case DS_F32:
      return Type::f32;
    case DS_BF16:
      return Type::bf16;
    case DS_F16:
      return Type::f16;
    default:
      throw Unsupported("a dtype oneDNN has no kernels for");
  }
}

Dims dims_of(const ds_spec& spec) { return {spec.shape, spec.shape + spec.rank}; }

Desc dense(const Dims& dims, Type type) {
  Dims strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) strides[i] = step, step *= dims[i];
  return Desc(dims, type, strides);
}

Desc any_layout(const Dims& dims, Type type) { return Desc(dims, type, dnnl::memory::format_tag::any); }

bool has_elements(const ds_node& node) {
  for (uint32_t i = 0; i < node.input_count; ++i)
    if (present(node, i) && element_count(*node.inputs[i]) == 0) return false;
  for (uint32_t i = 0; i < node.output_count; ++i)
    if (element_count(*node.outputs[i]) == 0) return false;
  return true;
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

bool is_fast(const dnnl::primitive_desc_base& pd) {
  const char* name = nullptr;
  if (!pd.get(true)) return false;
  if (dnnl_primitive_desc_query(pd.get(), dnnl_query_impl_info_str, 0, &name) != dnnl_success) return false;
  return std::strncmp(name, "ref", 3) != 0;
}

Type choose_type(ds_dtype dtype, const std::function<bool(Type)>& fits) {
  Type own = type_of(dtype);
  if (fits(own)) return own;
  if (own != Type::f32 && fits(Type::f32)) return Type::f32;
  throw Unsupported("oneDNN has no fast implementation for this problem");
}

Task::Task() : stream_(engine()) {}

int Task::add(Where where, uint64_t index, const Desc& desc) {
  memories_.push_back({where, index, dnnl::memory(desc, engine(), nullptr)});
  return int(memories_.size()) - 1;
}
int Task::input(uint32_t i, const Desc& desc) { return add(Where::kInput, i, desc); }
int Task::output(uint32_t i, const Desc& desc) { return add(Where::kOutput, i, desc); }
int Task::temporary(const Desc& desc) {
  int id = add(Where::kWorkspace, temporaries_, desc);
  temporaries_ += aligned(desc.get_size());
  return id;
}

Task::Step& Task::reorder(int from, int to) {
  dnnl::reorder::primitive_desc pd(engine(), memories_[from].memory.get_desc(), engine(),
                                   memories_[to].memory.get_desc(), attributes());
  step(dnnl::reorder(pd), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  return steps_.back();
}

int Task::as(int from, const Desc& desc) {
  if (memories_[from].memory.get_desc() == desc) return from;
  int to = temporary(desc);
  reorder(from, to);
  return to;
}

int Task::kept(uint32_t i, int from, const Desc& desc) {
  if (memories_[from].memory.get_desc() == desc) return from;
  own_.emplace_back(std::aligned_alloc(64, aligned(desc.get_size())));
  if (!own_.back()) throw std::bad_alloc();
  int to = add(Where::kOwn, 0, desc);
  memories_[to].memory.set_data_handle(own_.back().get());
  reorder(from, to).kept = int(i);
  return to;
}

int Task::gathered(uint32_t i, const Dims& dims, const std::vector<int64_t>& strides, ds_dtype dtype) {
  int to = temporary(dense(dims, type_of(dtype)));
  Step s;
  s.gather = std::make_unique<Gather>(Gather{i, to, Shape(dims.data(), int64_t(dims.size())),
                                             Shape(strides.data(), int64_t(strides.size())), item_size(dtype)});
  steps_.push_back(std::move(s));
  return to;
}

int Task::result(int output, const Desc& desc) {
  return memories_[output].memory.get_desc() == desc ? output : temporary(desc);
}
void Task::settle(int result, int output) {
  if (result != output) reorder(result, output);
}

void Task::step(const dnnl::primitive& primitive, const std::vector<std::pair<int, int>>& arguments) {
  Step s;
  s.primitive = primitive;
  for (auto [argument, id] : arguments) s.arguments.push_back({argument, memories_[id].memory.get()});
  const_dnnl_memory_desc_t scratch =
      dnnl_primitive_desc_query_md(primitive.get_primitive_desc(), dnnl_query_scratchpad_md, 0);
  if (uint64_t size = scratch ? dnnl_memory_desc_get_size(scratch) : 0) {
    int id = add(Where::kScratch, 0, Desc({int64_t(size)}, Type::u8, Dims{1}));
    s.arguments.push_back({DNNL_ARG_SCRATCHPAD, memories_[id].memory.get()});
    scratch_ = std::max(scratch_, aligned(size));
  }
  steps_.push_back(std::move(s));
}

bool Task::unchanged(Step& s, const ds_tensor& input) {
  const void* address = memory(&input);
  if (input.version && s.version == input.version && s.address == address) return true;
  s.version = input.version;
  s.address = address;
  return false;
}

void Task::run(const ds_run_args& args) {
  auto* room = static_cast<char*>(args.workspace);
  for (Memory& m : memories_) {
    void* at = nullptr;
    if (m.where == Where::kOwn) continue;
    if (m.where == Where::kInput) at = ds::memory(args.inputs[m.index]);
    if (m.where == Where::kOutput) at = ds::memory(args.outputs[m.index]);
    if (m.where == Where::kWorkspace) at = room + m.index;
    if (m.where == Where::kScratch) at = room + temporaries_;
    dnnl::error::wrap_c_api(dnnl_memory_set_data_handle(m.memory.get(), at), "an address was refused");
  }
  for (Step& s : steps_) {
    if (s.gather) {
      const Gather& g = *s.gather;
      const char* from = ds::memory(args.inputs[g.input]);
      char* to = room + memories_[g.to].index;
      int64_t inner = g.shape[-1], stride = g.strides[-1], rows = element_count(g.shape) / inner;
      parallel_for(rows, std::max<int64_t>(1, 16384 / inner), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          int64_t offset = 0, rest = row;
          for (int64_t d = g.shape.rank() - 2; d >= 0; --d)
            offset += rest % g.shape[d] * g.strides[d], rest /= g.shape[d];
          const char* in = from + offset * g.item;
          char* out = to + row * inner * g.item;
          if (g.item == 4)
            gather_row<uint32_t>(out, in, inner, stride);
          else
            gather_row<uint16_t>(out, in, inner, stride);
        }
      });
      continue;
    }
    if (s.kept >= 0 && unchanged(s, *args.inputs[s.kept])) continue;
    dnnl_status_t status =
        dnnl_primitive_execute(s.primitive.get(), stream_.get(), int(s.arguments.size()), s.arguments.data());
    if (status != dnnl_success) {
      s.version = 0;
      throw dnnl::error(status, "oneDNN could not run a primitive");
    }
  }
}

}  // namespace ds::onednn

// session.h: a node's work as oneDNN primitives bound once; only addresses change between runs.
//
// A Task is a list of steps over memories. A memory lies in an input, an output, the workspace or in memory of the
// task's own (weights packed once). Running a task allocates nothing.
#pragma once
#include <cstdlib>
#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "deepseek/kernel.hpp"
#include "deepseek/shape.hpp"

namespace ds::onednn {

using Desc = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Dims = dnnl::memory::dims;

const dnnl::engine& engine();

// Threads oneDNN is to use; tells the OpenMP runtime of the calling thread.
int32_t use_threads();

Type type_of(ds_dtype dtype);  // throws Unsupported
Dims dims_of(const ds_spec& spec);
Desc dense(const Dims& dims, Type type);
Desc any_layout(const Dims& dims, Type type);
bool has_elements(const ds_node& node);  // every present input and output

// Attributes of every primitive: scratch memory is the caller's.
dnnl::primitive_attr attributes();

// Code of its own, not oneDNN's reference loops. pd may be empty.
bool is_fast(const dnnl::primitive_desc_base& pd);

// The node's own type where `fits` says so, else f32: f16 and bf16 are converted where the machine lacks them.
// Throws Unsupported.
Type choose_type(ds_dtype dtype, const std::function<bool(Type)>& fits);

class Task {
 public:
  Task();

  // Memories; the numbers name them in steps.
  int input(uint32_t i, const Desc& desc);
  int output(uint32_t i, const Desc& desc);
  int temporary(const Desc& desc);
  // `from` as `desc`: itself when it is that already, else a reorder into a temporary.
  int as(int from, const Desc& desc);
  // The same into memory of the task's own, done again only when input i shows another address or version.
  int kept(uint32_t i, int from, const Desc& desc);
  // Input of any strides, also zero and negative ones, as a dense temporary.
  int gathered(uint32_t i, const Dims& dims, const std::vector<int64_t>& strides, ds_dtype dtype);
  // Where a primitive that yields `desc` writes so that it ends in `output`: there, or a temporary; then settle().
  int result(int output, const Desc& desc);
  void settle(int result, int output);

  void step(const dnnl::primitive& primitive, const std::vector<std::pair<int, int>>& arguments);

  uint64_t workspace() const { return temporaries_ + scratch_; }
  void run(const ds_run_args& args);

 private:
  enum class Where { kInput, kOutput, kWorkspace, kScratch, kOwn };
  struct Memory {
    Where where;
    uint64_t index;  // of the input or output; offset in the workspace
    dnnl::memory memory;
  };
  struct Gather {
    uint32_t input;
    int to;
    Shape shape, strides;
    int64_t item;
  };
  struct Step {
    dnnl::primitive primitive;
    std::vector<dnnl_exec_arg_t> arguments;
    int kept = -1;  // the input that decides whether it runs
    uint64_t version = 0;
    const void* address = nullptr;
    std::unique_ptr<Gather> gather;
  };
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  int add(Where where, uint64_t index, const Desc& desc);
  Step& reorder(int from, int to);
  static bool unchanged(Step& step, const ds_tensor& input);

  std::vector<Memory> memories_;
  std::vector<Step> steps_;
  std::vector<std::unique_ptr<void, Free>> own_;
  dnnl::stream stream_;
  uint64_t temporaries_ = 0, scratch_ = 0;
};

// The state of a row. Problem(node) reads the node and throws Unsupported, build() makes its tasks for use_threads(),
// run(args), workspace(). Tasks are made again when the number of threads changes: a forked child has one.
template <class Problem>
class State {
 public:
  explicit State(const ds_node& node) : problem_(node) {
    build();
    workspace_ = problem_.workspace();
  }
  uint64_t workspace() const { return workspace_; }

  int32_t run(const ds_run_args& args) {
    if (use_threads() != threads_) build();
    if (problem_.workspace() <= workspace_) return problem_.run(args), DS_OK;
    std::unique_ptr<void, decltype(&std::free)> room(std::aligned_alloc(64, problem_.workspace()), &std::free);
    if (!room) throw std::bad_alloc();
    ds_run_args more = args;
    more.workspace = room.get();
    return problem_.run(more), DS_OK;
  }

 private:
  void build() {
    threads_ = use_threads();
    problem_.build();
  }
  Problem problem_;
  int32_t threads_ = 0;
  uint64_t workspace_ = 0;
};

// A row's supports: whether Problem takes the node.
template <class Problem>
bool takes(const ds_node& node) {
  use_threads();
  try {
    if (!has_elements(node)) return false;
    Problem problem(node);
    return true;
  } catch (const Unsupported&) {
    return false;
  } catch (const dnnl::error&) {
    return false;
  }
}

}  // namespace ds::onednn

// A compiled graph: a flat list of instructions whose operands only need addresses. Replaying it compiles nothing.
#pragma once
#include <deque>

#include "core/run/allocator.h"
#include "core/run/edit.h"
#include "core/run/reference.h"

namespace ds::core {

struct CompileOptions {
  bool passes = true;      // off in eager mode
  bool strict = false;     // exact passes only
  bool kernels = true;     // off: references only
  bool composites = true;  // off: every composite is decomposed
  bool leaf_views = true;  // outputs may share the memory of leaves
  ds_dtype default_float = DS_F32;
};

// What explain() tells of a program: what passes said, how often which kernel is launched.
struct ProgramNotes {
  std::vector<Note> passes;
  std::vector<std::pair<std::string, uint32_t>> kernels;
};

// Memory of one value on the way in or out.
struct Place {
  Ref<Buffer> buffer;
  uint64_t offset = 0;
  const void* scalar = nullptr;  // a leaf kept on the host
};

class Program {
 public:
  static Status compile(Registry& registry, const Graph& graph, std::span<const ValueId> outputs,
                        const std::vector<bool>& donated, const CompileOptions& options,
                        std::unique_ptr<Program>* program);
  ~Program();

  // Computes what it was compiled for, at least; outputs: one place per output, specs where sizes depended on data.
  // Donated leaves may be overwritten. Fails like the instruction that failed, with its operator's name.
  Status run(Devices& devices, std::span<const Place> leaves, std::vector<Place>* outputs, std::vector<ds_spec>* specs);
  // Whether it serves: the same graph, no output missing, no leaf given away that is still needed.
  bool serves(const Graph& graph, std::span<const ValueId> outputs, const std::vector<bool>& donated,
              bool leaf_views) const;

  const Graph& graph() const { return graph_; }
  std::span<const ValueId> outputs() const { return outputs_; }
  size_t launches() const { return instructions_.size(); }
  uint64_t arena_bytes() const { return arena_bytes_; }
  struct KernelCall {
    int32_t (*run)(void* state, const ds_run_args* args);
    void* state;
    const ds_run_args* args;
  };
  std::vector<KernelCall> calls() const;  // for measuring: what run() calls, addresses as of the last run
  std::shared_ptr<const ProgramNotes> notes() const { return notes_; }
  // What a run that failed left behind: how many effects happened, the failed one included, and whether that one
  // failed; the leaves that were written over. The outputs of run() then are those computed before; the others have no
  // memory.
  struct Remains {
    uint32_t effects = 0;
    bool effect_failed = false;
    std::vector<bool> overwritten;
  };
  Remains remains() const;
  uint64_t runs = 0, number = 0;
  uint64_t generation = 0;  // of the registry when it was compiled

 private:
  friend class ProgramBuilder;
  explicit Program(const Graph& graph) : graph_(graph) {}
  struct Instruction {
    int32_t (*run)(void* state, const ds_run_args* args);
    void* state;
    ds_run_args args;
    void (*destroy)(void* state);
    const Operator* op;
    uint64_t location;
    uint32_t overwrites;  // the leaf whose memory its output takes, or kNone
  };
  struct Patch {
    TensorRecord* record;
    uint64_t offset;
  };
  struct Owned {  // memory allocated for each run
    uint64_t nbytes;
    ds_device_id device;
    std::vector<Patch> patches;
    TensorRecord* producer = nullptr;  // whose extents are read back after a run
    const Operator* op = nullptr;      // that writes it
    uint64_t location = 0;
  };
  struct Leaf {
    std::vector<Patch> patches;
    const void* address = nullptr;
    uint64_t version = 0;
    uint64_t nbytes = 0;
    ds_device_id device{};
  };
  struct Result {
    Memory memory;
    uint32_t index;  // of the leaf, constant or owned memory
    uint64_t offset;
    ds_spec spec;
    bool data_dependent;
    uint32_t needs;  // as many instructions
  };
  static void patch(const Patch& p, const Buffer& buffer, uint64_t offset);
  void restore_extents();
  Status wrong_extents(const Result& result);
  Status hand_over(std::span<const Place> leaves, std::vector<Place>* outputs, std::vector<ds_spec>* specs);

  Graph graph_;  // as recorded: the key
  std::vector<ValueId> outputs_;
  std::vector<bool> donated_;
  bool leaf_views_ = true;
  uint32_t completed_ = 0;  // instructions of the last run
  std::vector<Instruction> instructions_;
  std::deque<TensorRecord> records_;
  std::deque<std::vector<ds_tensor*>> operands_;
  Arena attribute_memory_;
  std::vector<Leaf> leaves_;
  std::vector<Ref<Buffer>> constants_;
  std::vector<Owned> owned_;
  std::vector<Patch> arena_patches_;
  std::vector<Result> results_;
  std::shared_ptr<const ProgramNotes> notes_;
  std::vector<Ref<Buffer>> owned_now_;  // during a run
  uint64_t arena_bytes_ = 0, workspace_offset_ = 0;
  const void* arena_address_ = nullptr;
  ErrorSink errors_;
};

}  // namespace ds::core

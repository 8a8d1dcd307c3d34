// One thread's recording: calls become nodes, nothing runs until flush.
#pragma once
#include <optional>
#include <span>

#include "core/ir/call.h"
#include "core/record/value.h"

namespace ds::core {

enum class FlushReason : uint8_t {
  kObserve,
  kStep,
  kNodes,
  kBytes,
  kEager,
  kForeign,
  kThread,
  kDataDependent,
  kFinish
};
std::string_view flush_reason_name(FlushReason reason);

struct RecordOptions {
  bool eager = false;
  bool strict = false;
  bool check_finite = false;
  bool kernels = true;
  bool composites = true;
  ds_dtype default_float = DS_F32;
  uint64_t flush_nodes = 4096;
  uint64_t flush_bytes = 0;  // 0: no threshold
};

// What recording needs from its context. Implemented by run/engine; everything under the context's lock.
class Engine {
 public:
  virtual ~Engine() = default;
  // Runs the recording and makes its wanted values ready (or failed, and answers the first failure).
  virtual Status flush(Recorder& recorder, FlushReason reason, uint64_t location) = 0;
  virtual const Operator* role(std::string_view name, Status* status) = 0;
  virtual const Operator* find(std::string_view name, Status* status) = 0;
  virtual const RecordOptions& options() const = 0;
  // Reserves `count` random counters: seed and first offset.
  virtual void random_state(uint64_t count, uint64_t state[2]) = 0;
  // Order of gradient nodes over all recorders.
  virtual uint64_t next_sequence() = 0;
};

class Recorder {
 public:
  explicit Recorder(Engine& engine) : engine_(engine) {}
  ~Recorder();
  Recorder(const Recorder&) = delete;

  // Records a call on values. weak[i] (may be empty) marks scalars. outputs: filled, *count becomes how many.
  // View operators become read_view. Gradients follow when enabled.
  Status record(const Operator& op, std::span<const Value> inputs, std::span<const Weak> weak,
                std::span<const ds_value> attributes, uint64_t location, std::vector<Value>* outputs);
  // The same for one output.
  Status record1(const Operator& op, std::span<const Value> inputs, std::span<const ds_value> attributes,
                 uint64_t location, Value* output);
  Status record_role(std::string_view role, std::span<const Value> inputs, std::span<const ds_value> attributes,
                     uint64_t location, Value* output);

  Status read_view(const Value& base, const ds_view_spec& view, uint64_t location, Value* value);
  Status write_view(const Value& base, const Value& source, const ds_view_spec& view, uint64_t location, Value* value);

  // A runtime scalar of that dtype.
  static Status scalar(const ds_value& value, ds_dtype dtype, ds_device_id device, Value* out);

  Status flush(FlushReason reason, uint64_t location);
  Status make_ready(const Value& value, uint64_t location);  // flushes whoever has it pending
  // At safe points: flushes when a threshold is passed or the mode asks for it.
  Status settle(uint64_t location);

  // For flush: the recording, whom its leaves belong to, and who waits for its values (null: nobody any more).
  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  std::span<const Content> leaves() const { return leaves_; }
  std::span<Data* const> waiting() const { return waiting_; }
  void clear();  // after a flush: nothing pending
  void forget(Data& data) { waiting_[data.pending] = nullptr; }

  bool grad_enabled = true;
  uint64_t nodes_recorded = 0;

 private:
  Status operand(const Value& value, uint64_t location, ValueId* id);
  Status convert(const Value& value, Weak weak, ds_dtype dtype, ds_device_id device, uint64_t location, Value* out);
  Status record_composite(const Operator& op, std::span<const Value> inputs, Call& call, uint64_t location,
                          std::vector<Value>* outputs);
  void attach_gradient(const Operator& op, std::span<const Value> inputs, const Call& call, uint64_t location,
                       std::vector<Value>* outputs);

  Engine& engine_;
  Graph graph_;
  std::vector<Content> leaves_;
  std::vector<Data*> waiting_;  // by value id
  uint64_t epoch_ = next_epoch();
  uint64_t pending_bytes_ = 0;
  std::optional<FlushReason> must_flush_;  // it reads memory that somebody outside may write, or sizes depend on data
  static uint64_t next_epoch();
};

// The builder that gradient and decompose rules get, over values of a recorder.
class RecordBuilder {
 public:
  RecordBuilder(Engine& engine, Recorder& recorder, uint64_t location);
  ds_builder* get() { return &table_; }
  ds_build_value add(Value value);  // number for a rule; 0 for an empty value
  const Value& value(ds_build_value number) const { return values_[number - 1]; }
  bool has(ds_build_value number) const { return number >= 1 && number <= values_.size(); }
  Status take_failure() { return std::move(failure_); }
  bool failed() const { return bool(failure_); }

 private:
  static int32_t call(ds_builder*, const char*, uint64_t, const ds_build_value*, uint32_t, const ds_attribute*,
                      uint32_t, ds_build_value*, uint32_t);
  static int32_t spec(ds_builder*, ds_build_value, ds_spec*);
  static int32_t constant(ds_builder*, const ds_value*, ds_dtype, ds_build_value*);
  static int32_t fail(ds_builder*, ds_status, const char*, uint64_t);
  int32_t stick(Status status);

  ds_builder table_;
  Engine& engine_;
  Recorder& recorder_;
  uint64_t location_;
  std::vector<Value> values_;
  Status failure_;
};

}  // namespace ds::core

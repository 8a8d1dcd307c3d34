// The engine of one context: finds or compiles the program of a recording, runs it, hands the results out.
#pragma once
#include <deque>
#include <unordered_map>

#include "core/record/recorder.h"
#include "core/run/program.h"

namespace ds::core {

struct Counters {
  uint64_t flushes = 0, nodes = 0, launches = 0, compiled = 0, hits = 0;
  uint64_t reasons[9] = {};
  double compile_seconds = 0, run_seconds = 0;
};

// What explain() tells of one flush.
struct FlushRecord {
  uint64_t number = 0, location = 0, program = 0, replay = 0;
  FlushReason reason{};
  bool hit = false;
  uint64_t nodes = 0, launches = 0, arena_bytes = 0;
  double seconds = 0;
  std::shared_ptr<const ProgramNotes> notes;  // null: the nodes were run one by one
  std::string problem;                        // why, unless it was asked for
};

class Executor final : public Engine {
 public:
  Executor() : devices(registry) {}

  Status flush(Recorder& recorder, FlushReason reason, uint64_t location) override;
  const Operator* role(std::string_view name, Status* status) override;
  const Operator* find(std::string_view name, Status* status) override { return registry.find_operator(name, status); }
  const RecordOptions& options() const override { return options_; }
  void random_state(uint64_t count, uint64_t state[2]) override;
  uint64_t next_sequence() override { return ++sequence_; }

  void forget_programs() { programs_.clear(); }  // after an option changed
  // Bytes of a ready value, dense; evaluates nothing.
  Status read(const Value& value, void* target, uint64_t nbytes);
  Status place_of(const Data& data, Place* place);

  Registry registry;
  Devices devices;
  RecordOptions options_;
  Counters counters;
  std::deque<FlushRecord> log;  // the latest ones
  uint64_t seed = 0, random_offset = 0;

 private:
  struct Wanted {
    std::vector<ValueId> ids;
    std::vector<Data*> data;
  };
  // Kept between flushes, so that a small one allocates nothing.
  struct Flush {
    Wanted wanted;
    std::vector<Place> places, results;
    std::vector<bool> donated;
    std::vector<ds_spec> specs;
  };
  CompileOptions compile_options() const;
  Status find_program(const Graph& graph, const Wanted& wanted, const std::vector<bool>& donated, bool leaf_views,
                      Program** program, bool* hit);
  Status settle_result(Data& data, const Place& place, const ds_spec& spec);
  // What a failed program left: values computed before it failed, by id, and why it failed.
  struct Attempt {
    std::vector<Place> known;
    Program::Remains remains;
    std::shared_ptr<const Status> failure;
  };
  // Node by node without passes, so that a failure takes only what depends on it. Answers the first failure.
  Status run_singly(Recorder& recorder, Attempt attempt);
  Status run(Recorder& recorder, FlushReason reason, uint64_t location);
  void give_up(Recorder& recorder, const Status& status);
  Status run_node(const Graph& graph, const Node& node, std::span<const Place> places, std::vector<Place>* outputs,
                  std::vector<ds_spec>* specs);
  Status check_finite(const Graph& graph, const Node& node, std::span<const Place> outputs);

  std::unordered_multimap<uint64_t, std::unique_ptr<Program>> programs_;
  std::unordered_map<std::string, const Operator*> roles_;
  Flush flush_;
  uint64_t sequence_ = 0, program_count_ = 0;
};

}  // namespace ds::core

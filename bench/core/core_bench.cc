// The core's own costs, with Google Benchmark: recording a node, replaying an instruction, reaching a kernel.
// bench/dispatch.py runs it and reads its JSON.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "core/run/executor.h"

namespace ds::core {
namespace {

constexpr int kChain = 1000;

void die(const Status& status) {
  if (!status) return;
  std::fprintf(stderr, "%s\n", status.text().c_str());
  std::abort();
}

struct Engine1 {
  Executor executor;
  Recorder recorder{executor};
  const Operator* add;

  Engine1() {
    die(executor.registry.discover());
    Status status;
    add = executor.registry.find_operator("add", &status);
    die(status);
  }
  Value leaf() {
    int64_t one = 1;
    Ref<Data> data(new Data(make_spec(DS_F32, {&one, 1}, {DS_DEVICE_CPU, 0})));
    Device* cpu;
    die(executor.devices.open("cpu", &cpu));
    die(cpu->allocate(4, &data->buffer));
    *static_cast<float*>(data->buffer->memory) = 1;
    return Value(std::move(data));
  }
};

// One node: promotion, infer through the plugin, appending, hashing, the value that stands for it.
void record(benchmark::State& state) {
  Engine1 e;
  Value a = e.leaf(), b = e.leaf();
  std::vector<Value> out;
  Value inputs[] = {a, b};
  for (auto _ : state) {
    for (int i = 0; i < kChain; ++i) {
      die(e.recorder.record(*e.add, inputs, {}, {}, 0, &out));
      inputs[0] = std::move(out[0]);
    }
    inputs[0] = a;
    e.recorder.clear();
  }
  state.SetItemsProcessed(state.iterations() * kChain);
}
BENCHMARK(record)->UseRealTime();

struct Compiled {
  Graph graph;
  std::unique_ptr<Program> program;
  std::vector<Place> leaves, outputs;
  std::vector<ds_spec> specs;

  explicit Compiled(Engine1& e) {
    Value a = e.leaf();
    ds_spec spec = a.spec();
    ValueId x = graph.add_leaf(spec, false), y = graph.add_leaf(spec, false), last = x;
    for (int i = 0; i < kChain; ++i) {
      ValueId inputs[] = {last, y};
      NodeId n = graph.add_node(*e.add, inputs, {}, {&spec, 1}, 0);
      last = graph.node(n).first_output;
    }
    CompileOptions options;
    options.passes = false;  // fusion would leave one instruction
    die(Program::compile(e.executor.registry, graph, {&last, 1}, {false, false}, options, &program));
    leaves.resize(2);
    for (auto& leaf : leaves) die(e.executor.place_of(*e.leaf().content.get(), &leaf));
  }
};

// The program's loop, with the real kernel of kernel.cpu.so on one element.
void replay(benchmark::State& state) {
  Engine1 e;
  Compiled c(e);
  for (auto _ : state) {
    die(c.program->run(e.executor.devices, c.leaves, &c.outputs, &c.specs));
    c.outputs.clear();
  }
  state.SetItemsProcessed(state.iterations() * kChain);
}
BENCHMARK(replay)->UseRealTime();

// The same calls of the same kernel states, with nothing between them.
void direct(benchmark::State& state) {
  Engine1 e;
  Compiled c(e);
  die(c.program->run(e.executor.devices, c.leaves, &c.outputs, &c.specs));
  auto calls = c.program->calls();
  for (auto _ : state)
    for (auto& call : calls) benchmark::DoNotOptimize(call.run(call.state, call.args));
  state.SetItemsProcessed(state.iterations() * kChain);
}
BENCHMARK(direct)->UseRealTime();

}  // namespace
}  // namespace ds::core

BENCHMARK_MAIN();

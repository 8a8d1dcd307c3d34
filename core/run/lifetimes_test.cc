// Random graphs run on a memory where every 64 bytes remember whose they are.
#include <random>

#include "core/ir/operators_test.h"
#include "core/run/built_test.h"
#include "core/run/edit.h"

namespace ds::core {
namespace {

using test::built;

class Simulation {
 public:
  explicit Simulation(uint32_t seed) : random_(seed) {
    for (int n = 0; n < 4; ++n) graph_.add_leaf(test::spec({int64_t(1 + random_() % 40)}), false);
    uint32_t nodes = 3 + random_() % 40;
    while (graph_.nodes().size() < nodes) add_node();
    for (ValueId v = 0; v < graph_.values().size(); ++v)
      if (graph_.value(v).kind == ValueKind::kResult && random_() % 6 == 0) outputs_.push_back(v);
    if (outputs_.empty()) outputs_.push_back(ValueId(graph_.values().size() - 1));
    for (int n = 0; n < 4; ++n) donated_.push_back(random_() % 2);
  }

  void run(bool plan) {
    Edit edit(built(), DS_F32, graph_, outputs_, donated_);
    edit.choices.resize(graph_.nodes().size());
    for (auto& choice : edit.choices) choice.offer.in_place = random_();
    edit.start_program_stage();
    ds_edit* t = edit.table();
    if (plan) {
      for (auto* pass : built().passes())
        ASSERT_EQ(pass->table.stage == DS_STAGE_PROGRAM ? pass->table.run(pass->table.self, t) : DS_OK, DS_OK);
    } else {
      for (NodeId n = 0; n < graph_.nodes().size(); ++n) t->alias(t, n, random_() % 2);
    }
    ASSERT_TRUE(edit.failure.ok()) << edit.failure.text();
    edit.default_placement();
    for (ValueId leaf : graph_.leaves()) write(edit, leaf);
    for (NodeId n = 0; n < graph_.nodes().size(); ++n) {
      const Node& node = graph_.node(n);
      for (ValueId input : graph_.inputs(node)) expect_intact(edit, input, n);
      // Another operand in the memory being written would be read half-written.
      uint32_t shared = 0;
      for (ValueId input : graph_.inputs(node)) shared += edit.root(input) == edit.root(node.first_output);
      ASSERT_EQ(shared, edit.root(node.first_output) == node.first_output ? 0u : 1u) << print(graph_, outputs_);
      for (uint32_t i = 0; i < node.output_count; ++i) write(edit, node.first_output + i);
      for (uint32_t i = 0; i < node.output_count; ++i) expect_intact(edit, node.first_output + i, n);
    }
    for (ValueId output : outputs_) expect_intact(edit, output, kNone);
    for (ValueId leaf : graph_.leaves())
      if (!edit.donated(leaf)) {
        expect_intact(edit, leaf, kNone);
      }
  }
  uint64_t in_place = 0;

 private:
  void add_node() {
    auto any = [&] { return ValueId(random_() % graph_.values().size()); };
    Status status;
    ValueId a = any(), b = any();
    bool same = same_shape(graph_.value(a).spec, graph_.value(b).spec);
    std::string_view name = random_() % 8 == 0      ? "concat"
                            : random_() % 2 && same ? "add"
                            : random_() % 8         ? "exp"
                                                    : "split";
    const Operator* op = built().find_operator(name, &status);
    ASSERT_TRUE(op) << status.text();
    int64_t size = graph_.value(a).spec.shape[0], sizes[] = {size / 2, size - size / 2};
    if (name == "concat" && size > 2000) return;
    ds_value attribute{DS_INT, 0, {.i = 0}}, split[] = {{DS_INTS, 2, {.is = sizes}}, attribute};
    ValueId inputs[] = {a, b};
    uint32_t count = name == "add" || name == "concat" ? 2 : 1;
    CallInput given[] = {{&graph_.value(a).spec, Weak::kNone}, {&graph_.value(b).spec, Weak::kNone}};
    std::span<const ds_value> attributes(split, name == "split" ? 2u : 0u);
    if (name == "concat") attributes = {&attribute, 1};
    Call call;
    Status planned = plan_call(*op, {given, count}, attributes, DS_F32, &call);
    ASSERT_TRUE(planned.ok()) << planned.text();
    graph_.add_node(*op, {inputs, count}, call.attributes, call.outputs, 0);
  }
  // Blocks of the arena, or of memory of the root's own.
  std::vector<ValueId>& blocks(Edit& edit, ValueId v, uint64_t* first, uint64_t* count) {
    ValueId home = edit.root(v);
    bool arena = edit.memory(home) == Memory::kArena;
    EXPECT_TRUE(!arena || edit.placed(home));
    *first = arena ? edit.offset(home) / 64 : 0;
    *count = (byte_count(graph_.value(v).spec) + 63) / 64;
    auto& memory = arena ? arena_ : own_[home];
    EXPECT_TRUE(!arena || edit.offset(home) + byte_count(graph_.value(v).spec) <= edit.arena_bytes());
    memory.resize(std::max<size_t>(memory.size(), *first + *count), kNone);
    return memory;
  }
  void write(Edit& edit, ValueId v) {
    uint64_t first, count;
    auto& memory = blocks(edit, v, &first, &count);
    std::fill_n(memory.begin() + int64_t(first), count, v);
    in_place += edit.root(v) != v;
  }
  void expect_intact(Edit& edit, ValueId v, NodeId reader) {
    uint64_t first, count;
    auto& memory = blocks(edit, v, &first, &count);
    for (uint64_t i = first; i < first + count; ++i)
      ASSERT_EQ(memory[i], v) << "%" << v << " was overwritten before node " << reader << "\n"
                              << print(graph_, outputs_);
  }

  std::mt19937 random_;
  Graph graph_;
  std::vector<ValueId> outputs_;
  std::vector<bool> donated_;
  std::vector<ValueId> arena_;
  std::map<ValueId, std::vector<ValueId>> own_;
};

TEST(Lifetimes, NobodyOverwritesWhatIsStillRead) {
  uint64_t in_place = 0;
  for (uint32_t seed = 0; seed < 3000 && !testing::Test::HasFailure(); ++seed) {
    Simulation s(seed);
    s.run(seed % 2);
    in_place += s.in_place;
  }
  EXPECT_GT(in_place, 1000u);
}

}  // namespace
}  // namespace ds::core

#include "core/run/edit.h"

#include "core/ir/operators_test.h"
#include "core/run/built_test.h"

namespace ds::core {
namespace {

using test::built;

// What a pass sees, in one text: compared before and after a refusal.
std::string seen(Edit& e) {
  std::string text;
  for (NodeId n = e.next(kNone); n != kNone; n = e.next(n)) {
    const Node& node = e.graph().node(n);
    text += cat(n, " ", node.op->name(), "(");
    for (ValueId input : e.graph().inputs(node)) text += input == kNone ? "-," : cat(input, ",");
    text += cat(")->", node.first_output, " back ", e.previous(n), "\n");
  }
  for (ValueId v = 0; v < e.graph().values().size(); ++v)
    text += cat(v, " ", int(e.graph().value(v).kind), " users ", e.users(v).size(), " out ", e.is_output(v), "\n");
  for (ValueId v : e.outputs()) text += cat(v, " ");
  return text;
}

struct Fixture {
  Graph graph;
  std::vector<ValueId> outputs;
  std::unique_ptr<Edit> edit;
  ds_edit* table;

  explicit Fixture(std::string_view text, FindOperator find = test::find_in, void* user = &built()) {
    Status status = parse(text, find, user, &graph, &outputs);
    EXPECT_TRUE(status.ok()) << status.text();
    edit = std::make_unique<Edit>(built(), DS_F32, graph, outputs, std::vector<bool>(graph.leaves().size()));
    table = edit->table();
  }
  int32_t insert(NodeId before, std::string_view op, std::vector<ValueId> inputs,
                 std::vector<ds_attribute> attributes = {}, NodeId* made = nullptr) {
    NodeId ignored;
    return table->insert(table, before, op.data(), op.size(), inputs.data(), uint32_t(inputs.size()), attributes.data(),
                         uint32_t(attributes.size()), made ? made : &ignored);
  }
  void expect_refused(const char* what, int32_t status, const std::string& before) {
    EXPECT_NE(status, DS_OK) << what;
    EXPECT_EQ(seen(*edit), before) << what << ": the graph must be unchanged";
    EXPECT_TRUE(edit->verify().ok()) << what << edit->verify().text();
    edit->failure = Status();
  }
};

const char* kText =
    "graph\n%0 = leaf f32[2,3]\n%1 = leaf f32[2,3]\n%2 = exp(%0) -> f32[2,3]\n%3 = add(%2, %1) -> f32[2,3]\n"
    "%4 = sum(%3) axis=[] keepdims=false -> f32[]\n%5 = neg(%3) -> f32[2,3]\n%6 = constant f32[1] "
    "\"\\x00\\x00\\x00\\x00\"\n"
    "return %4, %5\n";
constexpr NodeId kExp = 0, kAdd = 1, kSum = 2, kNeg = 3;

TEST(Edit, RefusalsLeaveTheGraphUnchanged) {
  Fixture f(kText);
  std::string before = seen(*f.edit);
  ds_edit* t = f.table;
  ds_attribute unknown{{"wrong", 5}, {DS_INT, 0, {.i = 1}}}, kind{{"axis", 4}, {DS_FLOAT, 0, {.f = 1}}};
  for (NodeId place : {NodeId(4), NodeId(99), kNone - 1})
    f.expect_refused("insert place", f.insert(place, "neg", {0}), before);
  f.expect_refused("insert unknown operator", f.insert(kAdd, "no_such_operator", {0}), before);
  f.expect_refused("insert unknown role", f.insert(kAdd, "@no_such_role", {0}), before);
  for (ValueId wrong : {ValueId(7), ValueId(1000000), kNone - 1})
    f.expect_refused("insert unknown value", f.insert(kAdd, "neg", {wrong}), before);
  f.expect_refused("insert absent input", f.insert(kAdd, "neg", {kNone}), before);
  f.expect_refused("insert too few", f.insert(kAdd, "add", {0}), before);
  f.expect_refused("insert too many", f.insert(kAdd, "neg", {0, 0}), before);
  f.expect_refused("insert unknown attribute", f.insert(kAdd, "sum", {0}, {unknown}), before);
  f.expect_refused("insert attribute of another kind", f.insert(kAdd, "sum", {0}, {kind}), before);
  f.expect_refused("insert shapes that do not fit", f.insert(kAdd, "matmul", {0, 1}), before);
  for (auto [a, b] : {std::pair{7u, 0u}, {0u, 7u}, {kNone, 0u}, {0u, kNone}, {0u, 4u}, {4u, 0u}, {0u, 6u}})
    f.expect_refused("replace", t->replace(t, a, b), before);
  for (NodeId n : {kExp, kAdd, kSum, kNeg, NodeId(4), kNone}) f.expect_refused("erase", t->erase(t, n), before);
  for (NodeId n : {kExp, kAdd, kSum, NodeId(4), kNone}) f.expect_refused("evaluate", t->evaluate(t, n), before);
  ds_edit_node node{};
  ds_edit_value value{};
  for (uint32_t id : {7u, 1000000u, kNone}) {
    EXPECT_NE(t->node(t, id, &node), DS_OK);
    EXPECT_NE(t->value(t, id, &value), DS_OK);
    uint32_t users = 0;
    EXPECT_EQ(t->users(t, id, nullptr, 0, &users), DS_INVALID_ARGUMENT);
  }
  ds_node_id after = 0;
  EXPECT_EQ(t->next(t, 99, &after), DS_INVALID_ARGUMENT);
  EXPECT_NE(t->alias(t, kAdd, 0), DS_OK) << "only in the program stage";
  EXPECT_NE(t->place(t, 2, 0), DS_OK);
}

TEST(Edit, ViewsWithoutAnInputAreRefused) {
  Fixture f(kText);
  std::string before = seen(*f.edit);
  std::vector<int64_t> shape{6};
  ds_attribute to{{"shape", 5}, {DS_INTS, 1, {.is = shape.data()}}};
  NodeId made = kNone;
  ASSERT_EQ(f.insert(kAdd, "reshape", {2}, {to}, &made), DS_OK) << f.edit->failure.text();
  EXPECT_EQ(f.edit->graph().node(made).op->role, "read_view");
  ASSERT_EQ(f.table->erase(f.table, made), DS_OK);
  EXPECT_TRUE(f.edit->verify().ok());
  before = seen(*f.edit);
  f.expect_refused("view of nothing", f.insert(kAdd, "reshape", {}, {to}), before);
  f.expect_refused("view of an absent input", f.insert(kAdd, "reshape", {kNone}, {to}), before);
}

TEST(Edit, ErasingTwiceAndTheWholeGraph) {
  Fixture f(kText);
  ds_edit* t = f.table;
  NodeId made = kNone;
  ASSERT_EQ(f.insert(kNone, "neg", {4}, {}, &made), DS_OK);
  EXPECT_EQ(f.edit->previous(kNone), made);
  ASSERT_EQ(t->erase(t, made), DS_OK);
  std::string before = seen(*f.edit);
  f.expect_refused("a node that is gone", t->erase(t, made), before);
  f.expect_refused("before a node that is gone", f.insert(made, "neg", {0}), before);
  f.expect_refused("evaluate a node that is gone", t->evaluate(t, made), before);
  ds_edit_node node{};
  EXPECT_NE(t->node(t, made, &node), DS_OK);
  ASSERT_EQ(t->replace(t, 5, 0), DS_OK);
  ASSERT_EQ(t->erase(t, kNeg), DS_OK);
  ds_attribute shape{{"shape", 5}, {DS_INTS, 0, {.is = nullptr}}};
  NodeId fill = kNone;
  ASSERT_EQ(f.insert(kExp, "@fill", {}, {shape}, &fill), DS_OK) << f.edit->failure.text();
  ASSERT_EQ(t->replace(t, 4, f.edit->graph().node(fill).first_output), DS_OK);
  for (NodeId n : {kSum, kAdd, kExp}) ASSERT_EQ(t->erase(t, n), DS_OK);
  EXPECT_TRUE(f.edit->verify().ok()) << f.edit->verify().text();
  ASSERT_EQ(t->evaluate(t, fill), DS_OK);
  EXPECT_EQ(f.edit->next(kNone), kNone) << "nothing is left to run";
  EXPECT_TRUE(f.edit->verify().ok()) << f.edit->verify().text();
}

TEST(Edit, EffectsAreNeitherErasedNorEvaluated) {
  test::Operators ops;
  Fixture f("graph\n%0 = constant f32[1] \"abcd\"\n%1 = effect(%0) -> f32[1]\n%2 = one(%0) -> f32[1]\nreturn %2\n",
            &test::Operators::find, &ops);
  std::string before = seen(*f.edit);
  f.expect_refused("erase", f.table->erase(f.table, 0), before);
  EXPECT_NE(f.table->evaluate(f.table, 0), DS_OK);
  EXPECT_EQ(seen(*f.edit), before);
}

TEST(Edit, SizesThatDependOnDataAreNotEvaluated) {
  Fixture f(
      "graph\n%0 = constant i8[3] \"\\x00\\x01\\x00\"\n%1 = nonzero(%0) -> i64[3,1]\n%2 = neg(%1) -> i64[3,1]\nreturn "
      "%2\n");
  EXPECT_NE(f.table->evaluate(f.table, 0), DS_OK);
}

TEST(Edit, VerifyCatchesABrokenPass) {
  Fixture cycle(kText);
  ASSERT_EQ(cycle.table->replace(cycle.table, 2, 3), DS_OK);  // add now reads itself
  EXPECT_NE(cycle.edit->verify().text().find("add reads %3 before it is computed"), std::string::npos);
  Fixture late(kText);
  ASSERT_EQ(late.insert(kExp, "neg", {3}), DS_OK);
  EXPECT_NE(late.edit->verify().text().find("neg reads %3 before it is computed"), std::string::npos);
  Fixture whole(kText);
  EXPECT_TRUE(whole.edit->verify().ok());
}

TEST(Edit, PlacesOutsideOfTheArenaAreRefused) {
  Fixture f(
      "graph\n%0 = leaf f32[64]\n%1 = exp(%0) -> f32[64]\n%2 = exp(%1) -> f32[64]\n%3 = exp(%2) -> f32[64]\nreturn "
      "%3\n");
  f.edit->choices.resize(f.graph.nodes().size());
  f.edit->start_program_stage();
  ds_edit* t = f.table;
  for (ValueId v : {ValueId(0), ValueId(3), ValueId(4), kNone})
    EXPECT_NE(t->place(t, v, 0), DS_OK) << "no buffer: " << v;
  EXPECT_NE(t->place(t, 1, 63), DS_OK) << "misaligned";
  ASSERT_EQ(t->place(t, 1, 128), DS_OK);
  EXPECT_EQ(f.edit->arena_bytes(), 128u + 256);
  EXPECT_NE(t->place(t, 2, ~uint64_t(63)), DS_OK);
}

}  // namespace
}  // namespace ds::core

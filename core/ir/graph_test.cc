#include "core/ir/graph.h"

#include <functional>

#include "core/ir/operators_test.h"

namespace ds::core {
namespace {

using test::bytes;
using test::Operators;
using test::spec;

ds_value integer(int64_t i) { return {DS_INT, 0, {.i = i}}; }

// One graph with everything in it, and a knob for each thing that may differ.
struct Recipe {
  const char* op = "one";
  bool swapped = false, scalar = false, other_leaf_first = false;
  ds_dtype dtype = DS_F32;
  int64_t extent = 3;
  ds_device_id device{DS_DEVICE_CPU, 0};
  std::string constant = std::string("\1\2\3\4", 4);
  ds_spec constant_spec = spec({1});
  int64_t n = 1, flag = 1;
  double f = 0.5;
  std::string s = "text", b = "data";
  std::vector<int64_t> is{1, 2};
  std::vector<double> fs{0.5, 1};
  ds_dtype type = DS_F32;
  uint64_t location = 0;
  ValueId absent = kNone;
};

void build(const Operators& ops, const Recipe& r, Graph* g) {
  ds_spec a = spec({2, r.extent}, r.dtype, r.device);
  ValueId x = g->add_leaf(r.other_leaf_first ? spec({}) : a, r.scalar);
  ValueId y = g->add_leaf(r.other_leaf_first ? a : spec({}), false);
  ValueId c = g->add_constant(r.constant_spec, bytes(r.constant));
  ValueId both[] = {r.swapped ? y : x, r.swapped ? x : y};
  NodeId sum = g->add_node(ops["plus"], both, {}, {&a, 1}, r.location);
  ValueId total = g->node(sum).first_output;
  NodeId one = g->add_node(ops[r.op], {&total, 1}, {}, {&a, 1}, r.location);
  ds_value attributes[] = {integer(r.n),
                           {DS_FLOAT, 0, {.f = r.f}},
                           {DS_FLAG, 0, {.i = r.flag}},
                           {DS_STRING, uint32_t(r.s.size()), {.s = r.s.data()}},
                           {DS_INTS, uint32_t(r.is.size()), {.is = r.is.data()}},
                           {DS_FLOATS, uint32_t(r.fs.size()), {.fs = r.fs.data()}},
                           {DS_TYPE, 0, {.i = r.type}},
                           {DS_BYTES, uint32_t(r.b.size()), {.p = r.b.data()}}};
  ValueId result = g->node(one).first_output;
  g->add_node(ops["tuned"], {&result, 1}, attributes, {&a, 1}, r.location);
  ValueId optional[] = {c, r.absent, kNone};
  g->add_node(ops["maybe"], optional, {}, {&r.constant_spec, 1}, r.location);
  ds_spec two[] = {a, a};
  g->add_node(ops["pair"], {&x, 1}, {}, two, r.location);
}

TEST(Graph, TheSameIsEqualWhereverItsListsLie) {
  Operators ops;
  Graph a, b;
  build(ops, {}, &a);
  Recipe elsewhere;
  elsewhere.location = 77;  // who recorded it is no part of what it is
  build(ops, elsewhere, &b);
  b.names[0] = "x";
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_TRUE(a.equal(b));
  EXPECT_TRUE(b.equal(a));
  EXPECT_TRUE(verify(a).ok()) << verify(a).text();
  b.clear();
  EXPECT_FALSE(a.equal(b));
  build(ops, {}, &b);
  EXPECT_TRUE(a.equal(b)) << "a cleared graph begins anew";
}

TEST(Graph, EverySingleDifferenceIsUnequal) {
  Operators ops;
  Graph plain;
  build(ops, {}, &plain);
  std::pair<const char*, std::function<void(Recipe&)>> differences[] = {
      {"operator", [](Recipe& r) { r.op = "other"; }},
      {"operand order", [](Recipe& r) { r.swapped = true; }},
      {"leaf order", [](Recipe& r) { r.other_leaf_first = true; }},
      {"scalar instead of tensor", [](Recipe& r) { r.scalar = true; }},
      {"leaf dtype", [](Recipe& r) { r.dtype = DS_F64; }},
      {"leaf dtype of the same size", [](Recipe& r) { r.dtype = DS_I32; }},
      {"leaf shape", [](Recipe& r) { r.extent = 4; }},
      {"leaf device",
       [](Recipe& r) {
         r.device = {2, 0};
       }},
      {"leaf device index",
       [](Recipe& r) {
         r.device = {DS_DEVICE_CPU, 1};
       }},
      {"constant bytes", [](Recipe& r) { r.constant[3] = 5; }},
      {"constant size", [](Recipe& r) { r.constant += '\0', r.constant_spec = spec({5}, DS_I8); }},
      {"constant dtype", [](Recipe& r) { r.constant_spec = spec({1}, DS_I32); }},
      {"constant shape",
       [](Recipe& r) {
         r.constant_spec = spec({1, 1});
       }},
      {"int", [](Recipe& r) { r.n = 2; }},
      {"float", [](Recipe& r) { r.f = 0.25; }},
      {"float's sign of zero", [](Recipe& r) { r.f = -0.0; }},
      {"flag", [](Recipe& r) { r.flag = 0; }},
      {"string", [](Recipe& r) { r.s = "texu"; }},
      {"longer string", [](Recipe& r) { r.s += '\0'; }},
      {"bytes", [](Recipe& r) { r.b = "dato"; }},
      {"empty bytes", [](Recipe& r) { r.b = ""; }},
      {"ints",
       [](Recipe& r) {
         r.is = {1, 3};
       }},
      {"longer ints",
       [](Recipe& r) {
         r.is = {1, 2, 0};
       }},
      {"floats",
       [](Recipe& r) {
         r.fs = {0.5, 2};
       }},
      {"shorter floats", [](Recipe& r) { r.fs = {0.5}; }},
      {"dtype", [](Recipe& r) { r.type = DS_F64; }},
      {"an optional input", [](Recipe& r) { r.absent = 0; }},
  };
  std::vector<uint64_t> hashes{plain.hash()};
  for (auto& [what, change] : differences) {
    Recipe r;
    change(r);
    Graph g;
    build(ops, r, &g);
    EXPECT_FALSE(plain.equal(g)) << what;
    EXPECT_FALSE(g.equal(plain)) << what;
    EXPECT_EQ(std::count(hashes.begin(), hashes.end(), g.hash()), 0) << what;
    hashes.push_back(g.hash());
  }
}

TEST(Graph, OutputsAndArityTellGraphsApart) {
  Operators ops;
  Graph a, b, c;
  for (Graph* g : {&a, &b, &c}) g->add_leaf(spec({2}), false);
  ds_spec two[] = {spec({2}), spec({2})};
  ValueId x[] = {0, 0};
  a.add_node(ops["parts"], x, {}, two, 0);
  b.add_node(ops["parts"], x, {}, {two, 1}, 0);
  c.add_node(ops["parts"], {x, 1}, {}, two, 0);
  EXPECT_FALSE(a.equal(b));
  EXPECT_FALSE(a.equal(c));
  EXPECT_NE(a.hash(), b.hash());
  EXPECT_NE(a.hash(), c.hash());
}

TEST(Graph, ACopyKeepsAttributesAndConstantsAlive) {
  Operators ops;
  auto source = std::make_unique<Graph>();
  build(ops, {}, source.get());
  source->names[1] = "bias";
  Graph copy(*source), again;
  source->clear();
  Recipe noise;  // reuses the memory the source gave up
  noise.s = "other text";
  noise.is.assign(100, 9);
  build(ops, noise, source.get());
  source.reset();
  build(ops, {}, &again);
  EXPECT_TRUE(copy.equal(again));
  EXPECT_EQ(copy.names[1], "bias");
  auto attributes = copy.attributes(copy.node(2));
  EXPECT_EQ(std::string(attributes[3].u.s, attributes[3].count), "text");
  EXPECT_EQ(attributes[4].u.is[1], 2);
  EXPECT_EQ(std::memcmp(copy.constants()[0]->memory, "\1\2\3\4", 4), 0);
}

TEST(Graph, ValuesKnowWhoMadeThem) {
  Operators ops;
  Graph g;
  build(ops, {}, &g);
  for (NodeId id = 0; id < g.nodes().size(); ++id)
    for (uint32_t i = 0; i < g.node(id).output_count; ++i) {
      const ValueInfo& v = g.value(g.node(id).first_output + i);
      EXPECT_EQ(v.producer, id);
      EXPECT_EQ(v.index, i);
      EXPECT_EQ(v.kind, ValueKind::kResult);
    }
  EXPECT_EQ(std::vector<ValueId>(g.leaves().begin(), g.leaves().end()), (std::vector<ValueId>{0, 1}));
  EXPECT_EQ(g.value(2).kind, ValueKind::kConstant);
}

// Each case breaks one rule in a graph that is whole otherwise.
TEST(Verify, RefusesEveryBrokenGraph) {
  Operators ops;
  ds_spec f = spec({2});
  struct Broken {
    const char* part;
    std::function<void(Graph&)> make;
  };
  ds_value whole[] = {integer(1),
                      {DS_FLOAT, 0, {.f = 1}},
                      {DS_FLAG, 0, {.i = 1}},
                      {DS_STRING, 0, {.s = ""}},
                      {DS_INTS, 0, {.is = nullptr}},
                      {DS_FLOATS, 0, {.fs = nullptr}},
                      {DS_TYPE, 0, {.i = DS_F32}},
                      {}};
  ValueId x = 0, forward = 5, itself = 1;
  ValueId three[] = {0, 0, 0}, half[] = {0, kNone}, all[] = {kNone, 0, 0};
  auto with_output = [&](ds_spec out) {
    return [&ops, x, out](Graph& g) { g.add_node(ops["one"], {&x, 1}, {}, {&out, 1}, 0); };
  };
  ds_spec negative = spec({2, -1}), huge = spec({int64_t(1) << 62, 4}), untyped = spec({2}, DS_DTYPE(9, 32));
  ds_spec deep = f;
  deep.rank = 17;
  Broken broken[] = {
      {"1 inputs, the schema has 2",
       [&](Graph& g) {
         g.add_node(ops["plus"], {&x, 1}, {}, {&f, 1}, 0);
       }},
      {"3 inputs, the schema has 2",
       [&](Graph& g) {
         g.add_node(ops["plus"], three, {}, {&f, 1}, 0);
       }},
      {"input 1 is absent and not optional",
       [&](Graph& g) {
         g.add_node(ops["plus"], half, {}, {&f, 1}, 0);
       }},
      {"input 0 is absent and not optional",
       [&](Graph& g) {
         g.add_node(ops["maybe"], all, {}, {&f, 1}, 0);
       }},
      {"used before it is defined",
       [&](Graph& g) {
         g.add_node(ops["one"], {&forward, 1}, {}, {&f, 1}, 0);
       }},
      {"used before it is defined",
       [&](Graph& g) {
         g.add_node(ops["one"], {&itself, 1}, {}, {&f, 1}, 0);
       }},
      {"incomplete attributes",
       [&](Graph& g) {
         g.add_node(ops["tuned"], {&x, 1}, {whole, 7}, {&f, 1}, 0);
       }},
      {"incomplete attributes",
       [&](Graph& g) {
         g.add_node(ops["one"], {&x, 1}, {whole, 1}, {&f, 1}, 0);
       }},
      {"is of another kind",
       [&](Graph& g) {
         std::swap(whole[0], whole[1]);
         g.add_node(ops["tuned"], {&x, 1}, whole, {&f, 1}, 0);
         std::swap(whole[0], whole[1]);
       }},
      {"does not point back",
       [&](Graph& g) {
         g.add_node(ops["one"], {&x, 1}, {}, {&f, 1}, 0);
         g.make_constant(1, bytes("12345678"));
       }},
      {"negative extent", with_output(negative)},
      {"more than 2^63 bytes", with_output(huge)},
      {"unknown dtype", with_output(untyped)},
      {"rank 17", with_output(deep)},
  };
  for (auto& b : broken) {
    Graph g;
    g.add_leaf(f, false);
    b.make(g);
    Status status = verify(g);
    EXPECT_NE(status.text().find(b.part), std::string::npos) << b.part << ": " << status.text();
  }
  Graph g;
  g.add_leaf(f, false);
  g.add_node(ops["tuned"], {&x, 1}, whole, {&f, 1}, 0);
  EXPECT_TRUE(verify(g).ok()) << verify(g).text();
  g.set_input(g.node(0), 0, 1);
  EXPECT_EQ(verify(g).code(), DS_CORRUPT) << "an operand redirected to the node's own output";
}

TEST(Verify, OmittedOptionalInputsAreComplete) {
  Operators ops;
  Graph g;
  ds_spec f = spec({2});
  ValueId x = g.add_leaf(f, false);
  CallInput given[] = {{&f, Weak::kNone}};
  Call call;
  ASSERT_TRUE(plan_call(ops["maybe"], given, {}, DS_F32, &call).ok()) << "a call may leave them out";
  g.add_node(ops["maybe"], {&x, 1}, call.attributes, call.outputs, 0);
  Status status = verify(g);
  EXPECT_TRUE(status.ok()) << status.text();
}

}  // namespace
}  // namespace ds::core

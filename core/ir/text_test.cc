// The text form of graphs: what is printed parses back, what is broken is an error with its place.
#include <cmath>
#include <limits>

#include "core/ir/operators_test.h"

namespace ds::core {
namespace {

using test::Mutator;
using test::Operators;
using test::spec;

const char* kEverything =
    "graph\n"
    "%0 = leaf f32[2,3]  # input\n"
    "%1 = scalar f64[]\n"
    "%2 = constant i32[2] \"\\x01\\x00\\x00\\x00ab\\x22\\x5c\"  # a constant\n"
    "%3 = plus(%0, %0) -> f32[2,3]\n"
    "%4 = maybe(%3, -, -) -> f32[2,3]\n"
    "%5, %6 = pair(%4) -> f32[2,3], f32[2,3]  # both\n"
    "%7 = tuned(%5) n=-9223372036854775808 f=1e-320 flag=false s=\"a \\x22b\\x22\\x0a\" is=[1,-2,3] "
    "fs=f[0.1,-0.0,inf,nan] dtype=bf16 bytes=x\"\\x00\\xff\" -> f32[2,3]\n"
    "%8 = tuned(%2) n=none f=-inf flag=true s=\"\" is=[] fs=f[] dtype=dtype() bytes=none -> i32[2]\n"
    "%9 = leaf bool[0]@2:1\n"
    "%10, %11 = parts(%9, %9, %9) -> bool[0]@2:1, bool[0]@2:1\n"
    "%12 = make() n=1 dtype=f32 -> f32[]\n"
    "%13 = effect(%12) n=7 -> f32[]\n"
    "return %7, %8, %6, %8\n";

struct Parsed {
  Graph graph;
  std::vector<ValueId> outputs;
  Status status;
  Parsed(Operators& ops, std::string_view text) { status = ops.parse(text, &graph, &outputs); }
  std::string print() const { return ds::core::print(graph, outputs); }
};

TEST(Text, EverythingParsesPrintsAndParsesAgain) {
  Operators ops;
  Parsed first(ops, kEverything);
  ASSERT_TRUE(first.status.ok()) << first.status.text();
  EXPECT_TRUE(verify(first.graph).ok());
  EXPECT_EQ(first.outputs, (std::vector<ValueId>{7, 8, 6, 8}));
  std::string text = first.print();
  Parsed second(ops, text);
  ASSERT_TRUE(second.status.ok()) << second.status.text() << "\n" << text;
  EXPECT_TRUE(first.graph.equal(second.graph));
  EXPECT_EQ(first.outputs, second.outputs);
  EXPECT_EQ(first.graph.names, second.graph.names);
  EXPECT_EQ(text, second.print());
  EXPECT_EQ(second.graph.names.at(0), "input");
  EXPECT_EQ(second.graph.names.at(2), "a constant");
  EXPECT_EQ(second.graph.names.at(5), "both");
  EXPECT_EQ(second.graph.names.size(), 3u);
}

TEST(Text, NumbersAndStringsKeepEveryBit) {
  Operators ops;
  const Operator& tuned = ops["tuned"];
  Mutator random(1, {});
  for (int n = 0; n < 3000; ++n) {
    Graph g;
    ds_spec f = spec({2});
    ValueId x = g.add_leaf(f, false);
    uint64_t bits = uint64_t(random.next(1u << 31)) << 33 ^ uint64_t(random.next(1u << 31)) << 2 ^ random.next(4);
    double value;
    std::memcpy(&value, &bits, 8);
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
    std::string s(random.next(20), '\0');
    for (char& ch : s) ch = char(random.next(256));
    double fs[] = {value, -value, 5e-324, 1e308, -0.0, 0.1};
    if (std::isnan(value)) fs[1] = value;
    int64_t is[] = {int64_t(bits), -int64_t(bits >> 1), std::numeric_limits<int64_t>::min()};
    ds_value attributes[] = {{DS_INT, 0, {.i = int64_t(bits)}},
                             {DS_FLOAT, 0, {.f = value}},
                             {DS_FLAG, 0, {.i = int64_t(bits & 1)}},
                             {DS_STRING, uint32_t(s.size()), {.s = s.data()}},
                             {DS_INTS, random.next(4), {.is = is}},
                             {DS_FLOATS, random.next(7), {.fs = fs}},
                             {DS_TYPE, 0, {.i = bits & 2 ? DS_I8 : DS_C128}},
                             {DS_BYTES, uint32_t(s.size()), {.p = s.data()}}};
    ValueId out = g.node(g.add_node(tuned, {&x, 1}, attributes, {&f, 1}, 0)).first_output;
    std::string text = print(g, {&out, 1});
    Parsed back(ops, text);
    ASSERT_TRUE(back.status.ok()) << back.status.text() << "\n" << text;
    ASSERT_TRUE(g.equal(back.graph)) << text;
  }
}

// NaNs have a sign and a payload; a graph that holds one must still be the graph that is read back.
TEST(Text, NegativeNanIsReadBackAsItself) {
  Operators ops;
  Parsed first(ops, "graph\n%0 = leaf f32[]\n%1 = tuned(%0) f=-nan -> f32[]\nreturn %1\n");
  ASSERT_TRUE(first.status.ok()) << first.status.text();
  Parsed second(ops, first.print());
  ASSERT_TRUE(second.status.ok()) << second.status.text();
  EXPECT_TRUE(first.graph.equal(second.graph)) << second.print();
}

TEST(Text, FlagsAreZeroOrOne) {
  Operators ops;
  ds_spec f = spec({2});
  CallInput x{&f, Weak::kNone};
  for (uint32_t tag : {DS_FLAG, DS_INT}) {
    ds_value given[] = {{}, {}, {tag, 0, {.i = 5}}};
    Call call;
    if (Status status = plan_call(ops["tuned"], {&x, 1}, given, DS_F32, &call)) continue;
    Graph g;
    ValueId in = g.add_leaf(f, false), out = 1;
    g.add_node(ops["tuned"], {&in, 1}, call.attributes, call.outputs, 0);
    Parsed back(ops, print(g, {&out, 1}));
    ASSERT_TRUE(back.status.ok()) << back.status.text();
    EXPECT_TRUE(g.equal(back.graph));
  }
}

TEST(Text, ErrorsNameLineAndColumn) {
  Operators ops;
  auto expect = [&](const std::string& text, const std::string& place, const std::string& what) {
    Parsed p(ops, text);
    EXPECT_EQ(p.status.code(), DS_CORRUPT) << text;
    EXPECT_NE(p.status.text().find("graph text, " + place + ": "), std::string::npos) << p.status.text() << "\n"
                                                                                      << text;
    EXPECT_NE(p.status.text().find(what), std::string::npos) << p.status.text();
  };
  const std::string leaf = "graph\n%0 = leaf f32[2]\n";
  expect("", "line 1, column 1", "expected 'graph'");
  expect("grapf\n", "line 1, column 1", "expected 'graph'");
  expect("graph\n", "line 2, column 1", "expected 'return'");
  expect("graph\n%1 = leaf f32[]\n", "line 2, column 3", "expected %0");
  expect("graph\n%0 = leaf f33[]\n", "line 2, column 10", "expected a dtype");
  expect("graph\n%0 = leaf f32[2,x]\n", "line 2, column 17", "expected an extent");
  expect("graph\n%0 = leaf f32[2\n", "line 2, column 16", "expected ']'");
  expect("graph\n%0 = leaf f32[-2]\n", "line 2, column 18", "negative extent");
  expect("graph\n%0 = leaf f32[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n", "line 2, column 47", "rank above 16");
  expect("graph\n%0 = leaf f32[9223372036854775807,9]\n", "line 2, column 37", "more than 2^63 bytes");
  expect("graph\n%0 = leaf f32[]@2\n", "line 2, column 18", "device");
  expect("graph\n%0 = constant f32[2] \"abc\"\n", "line 2, column 27", "expected 8 bytes, got 3");
  expect("graph\n%0 = constant i8[1] \"\\xg0\"\n", "line 2, column 22", "escape");
  expect("graph\n%0 = constant i8[1] \"a\n", "line 2, column 23", "does not end");
  expect(leaf + "%1 = absent(%0) -> f32[2]\n", "line 3, column 6", "no operator is called absent");
  expect(leaf + "%1 = one(%1) -> f32[2]\n", "line 3, column 12", "%1 is not defined yet");
  expect(leaf + "%1 = one %0 -> f32[2]\n", "line 3, column 10", "expected '('");
  expect(leaf + "%1 = one(%0 -> f32[2]\n", "line 3, column 13", "expected ')'");
  expect(leaf + "%1 = one(%0) -> f32[3]\n", "line 3, column 23", "one does not yield f32[3] here");
  expect(leaf + "%1, %2 = one(%0) -> f32[2], f32[2]\n", "line 3, column 35", "one does not yield");
  expect(leaf + "%1 = pair(%0) -> f32[2]\n", "line 3, column 24", "pair yields 2 values");
  expect(leaf + "%1 = one(%0) n=1 -> f32[2]\n", "line 3, column 14", "one has no attribute 'n'");
  expect(leaf + "%1 = tuned(%0) n=x -> f32[2]\n", "line 3, column 18", "expected an integer");
  expect(leaf + "%1 = tuned(%0) n=99999999999999999999 -> f32[2]\n", "line 3, column 18", "expected an integer");
  expect(leaf + "%1 = plus(%0) -> f32[2]\n", "line 3, column 17", "plus takes 2 inputs, got 1");
  expect(leaf + "%1 = leaf i8[2]\n%2 = plus(%0, %1) -> f32[2]\n", "line 4, column 21", "must be cast to f32");
  expect(leaf + "return %4\n", "line 3, column 10", "%4 is not defined yet");
  expect(leaf + "return %0\nx", "line 4, column 1", "expected the end");
}

TEST(Text, BlanksAndCommentsAreFree) {
  Operators ops;
  Parsed tidy(ops, "graph\n%0 = leaf f32[2,3]\n%1 = one(%0) -> f32[2,3]\nreturn %1\n");
  Parsed loose(ops, " graph \n\n\t%0=leaf f32[ 2 , 3 ]\n\n%1=one( %0 )->f32[2,3] # y\n  return  %1  \n\n");
  ASSERT_TRUE(tidy.status.ok()) << tidy.status.text();
  ASSERT_TRUE(loose.status.ok()) << loose.status.text();
  EXPECT_TRUE(tidy.graph.equal(loose.graph));
  EXPECT_EQ(loose.graph.names.at(1), "y");
}

TEST(Text, NoPrefixReadsBehindTheEnd) {
  Operators ops;
  std::string_view whole = kEverything;
  for (size_t n = 0; n < whole.size(); ++n) {
    std::unique_ptr<char[]> exact(new char[n]);  // the sanitizer sees a read behind it
    std::copy_n(whole.data(), n, exact.get());
    Parsed cut(ops, {exact.get(), n});
    ASSERT_TRUE(cut.status || Parsed(ops, cut.print()).status.ok()) << n;
  }
}

TEST(Text, MutatedTextsAreErrorsOrGraphs) {
  Operators ops;
  Mutator mutator(2, {"%0",
                      "%12",
                      "->",
                      "[",
                      "]",
                      "(",
                      ")",
                      "\"",
                      "\\x00",
                      "none",
                      "nan",
                      "-",
                      "@1:0",
                      "leaf ",
                      "scalar ",
                      "constant ",
                      "return",
                      "graph\n",
                      "9223372036854775807",
                      "4294967295",
                      "0",
                      ",",
                      "=",
                      "  # n",
                      "\n",
                      "f32[2,3]",
                      "i8[1]",
                      "x\"",
                      "f[",
                      "e9999",
                      "bool",
                      "tuned(%0)",
                      "parts("});
  int accepted = 0;
  for (int n = 0; n < 30000; ++n) {
    std::string text = mutator.mutate(kEverything);
    Parsed first(ops, text);
    if (first.status) {
      if (first.status.text().starts_with("node ")) continue;  // verify's: see OmittedOptionalInputsAreComplete
      ASSERT_NE(first.status.text().find(", column "), std::string::npos) << first.status.text() << "\n" << text;
      continue;
    }
    ++accepted;
    ASSERT_TRUE(verify(first.graph).ok()) << text;
    std::string printed = first.print();
    Parsed second(ops, printed);
    ASSERT_TRUE(second.status.ok()) << second.status.text() << "\n" << text << printed;
    ASSERT_EQ(printed, second.print()) << text;
    ASSERT_EQ(first.outputs, second.outputs) << text;
    ASSERT_EQ(first.graph.names, second.graph.names) << text;
    ASSERT_TRUE(first.graph.equal(second.graph) || text.find("-nan") != std::string::npos) << text << printed;
  }
  RecordProperty("accepted", accepted);
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace ds::core

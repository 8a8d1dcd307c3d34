// map: runs a ds.expr/1 program, the form every scalar body has; what gradients of elementwise operators are made of.
#include <deepseek/operator.hpp>
using namespace ds;

struct Map {
  static constexpr auto schema = "map(x: any*, *, expr: bytes) -> any*";
  static constexpr auto summary = "runs a ds.expr/1 program on broadcast inputs; T is their promoted dtype";
  static constexpr auto role = "map";
  static constexpr uint32_t op_class = DS_CLASS_ELEMENTWISE;

  static void infer(Infer& i) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i.inputs() > 0, "map needs an input");
    std::vector<uint8_t> types;
    ds_dtype t = i.dtype(0);
    Shape shape;
    for (uint32_t k = 0; k < i.inputs(); ++k) {
      types.push_back(expr_type(i.dtype(k)));
      t = promote(t, i.dtype(k));
      shape = broadcast_shapes(shape, i.shape(k));
    }
    expr::Program p = program(i, types);
    i.outputs(uint32_t(p.outputs.size()));
    for (uint32_t k = 0; k < p.outputs.size(); ++k) {
      uint8_t type = p.results[p.outputs[k]].type;
      i.output(k, shape, type == DS_EXPR_T || type == expr::kWeak ? t : expr_dtype(type));
    }
  }

  static void gradient(Gradient& g) {
    std::vector<uint8_t> types;
    ds_dtype t = g.input(0).dtype();
    for (uint32_t k = 0; k < g.inputs(); ++k) {
      types.push_back(expr_type(g.input(k).dtype()));
      t = promote(t, g.input(k).dtype());
    }
    std::vector<uint16_t> wanted;
    std::vector<bool> given;
    for (uint32_t k = 0; k < g.inputs(); ++k)
      if (g.needs(k)) wanted.push_back(uint16_t(k));
    for (uint32_t k = 0; k < g.outputs(); ++k) given.push_back(bool(g.dy(k)));
    expr::Gradient d = expr::differentiate(program(g, types), wanted, given, false);
    if (d.given.empty()) return;
    std::vector<Node> inputs;
    for (uint16_t i : d.inputs) inputs.push_back(i < d.own ? g.input(i) : g.dy(uint32_t(i - d.own - d.results)));
    expr::Bytes bytes = d.program.encode(d.inputs, expr_type(t));
    Named attribute[] = {{"expr", bytes}};
    std::vector<Node> results = g.call_many("@map", inputs, attribute, uint32_t(d.given.size()));
    for (size_t k = 0; k < results.size(); ++k) g.set(d.given[k], results[k]);
  }

  static void reference(Run& r) {
    ds_dtype t = r.dtype(0);
    for (uint32_t k = 1; k < r.inputs(); ++k) t = promote(t, r.dtype(k));
    ds_value bytes = r.attr<ds_value>("expr");
    expr::interpret(bytes.u.p, bytes.count, expr_type(t), r.args());
  }

  static Samples samples() {
    return {sample("f32[2,3], f32[3]",
                   [](Expr x, Expr y) {
                     return std::vector{x * y + exp(-x), tanh(x - y)};
                   }),
            sample("f32[4,1], f32[]", [](Expr x, Expr y) { return std::vector{select(x > y, x, square(y))}; }),
            sample("f32[0], f32[1]", [](Expr x, Expr y) { return std::vector{max(x, y)}; })};
  }

 private:
  template <class Body>
  static std::string sample(std::string_view inputs, Body body) {
    expr::Program p;
    Expr x(&p, p.input(DS_EXPR_T)), y(&p, p.input(DS_EXPR_T));
    for (const Expr& result : body(x, y)) p.outputs.push_back(result.in(p));
    expr::Bytes bytes = p.encode();
    std::string line = cat(inputs, "; expr=");
    for (uint32_t i = 0; i < bytes.size; ++i)
      for (int shift : {4, 0}) line += "0123456789abcdef"[static_cast<const uint8_t*>(bytes.data())[i] >> shift & 15];
    return line;
  }
  static expr::Program program(const Attributes& call, const std::vector<uint8_t>& types) {
    ds_value bytes = call.attr<ds_value>("expr");
    return expr::Program::decode(bytes.u.p, bytes.count, types);
  }
};
DS_OPERATOR(Map);

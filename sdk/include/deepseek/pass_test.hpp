// pass_test.hpp: a graph in memory behind ds_edit, so that passes are tested without a core.
//
//   FakeGraph g(R"(
//     %x = leaf f32[2,3]
//     %one = constant f32[] 1
//     %y = mul(%x, %one) -> f32[2,3]
//     return %y)");
//   auto before = g.evaluate();        // bytes of the outputs, for leaves drawn from a fixed sequence
//   ASSERT_EQ(g.run<Fold>(), DS_OK);
//   EXPECT_EQ(g.print(), ...);         // the same form; a map shows its program
//   EXPECT_EQ(g.evaluate(), before);   // bit for bit
//
// Leaves may be `donated` or `scalar`; attributes are numbers or dtypes, name=1.5. Operators: fake_operators.hpp.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "deepseek/fake_operators.hpp"
#include "deepseek/interpret.hpp"
#include "deepseek/pass.hpp"

namespace ds::test {

struct FakeNode {
  ds_node_id id;
  const FakeOperator* op;
  std::vector<ds_value_id> inputs, outputs;
  std::vector<ds_value> attributes{};
  std::vector<char> bytes{};  // of an attribute
  FakeNode *previous = nullptr, *next = nullptr;
  uint32_t position = 0;
  bool alive = true;
};

struct FakeValue {
  std::string name;
  ds_spec spec{};
  uint32_t flags = 0;
  ds_node_id producer = DS_NO_ID;
  uint32_t index = 0;
  std::vector<char> data{};         // of constants
  std::vector<ds_node_id> users{};  // with repetition
  ds_value_id parent = DS_NO_ID;    // program stage: whose memory it took
  uint32_t first = 0, last = 0;
};

class FakeGraph {
 public:
  explicit FakeGraph(const std::string& text, std::map<std::string, FakeOperator> operators = fake_operators())
      : operators_(std::move(operators)) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) parse(trim(line));
  }
  FakeGraph(const FakeGraph&) = delete;

  template <class Pass>
  int32_t run() {
    if (Pass::stage == DS_STAGE_PROGRAM && !program_stage_) start_program_stage();
    ds_edit t = table();
    return detail::PassRow<Pass>::run(nullptr, &t);
  }

  std::vector<std::string> notes;
  std::string failure;
  std::map<ds_value_id, uint64_t> placed;  // program stage: offsets
  uint64_t arena_bytes = 0;

  bool noted(std::string_view part) const {
    return std::any_of(notes.begin(), notes.end(), [&](auto& n) { return n.find(part) != n.npos; });
  }
  int count(std::string_view op) const {
    int found = 0;
    for (auto* n = first_; n; n = n->next) found += n->op->name == op;
    return found;
  }
  const FakeValue& value(std::string_view name) const { return values_[find(name)]; }
  ds_value_id find(std::string_view name) const {
    for (ds_value_id id = 0; id < values_.size(); ++id)
      if (values_[id].name == name) return id;
    throw std::invalid_argument("no value %" + std::string(name));
  }
  ds_value_id home(ds_value_id id) const {
    while (values_[id].parent != DS_NO_ID) id = values_[id].parent;
    return id;
  }

  std::string print() const {
    std::string out;
    auto list = [&](const std::vector<ds_value_id>& ids) {
      for (size_t i = 0; i < ids.size(); ++i)
        out += (i ? ", " : "") + (ids[i] == DS_NO_ID ? "-" : "%" + values_[ids[i]].name);
    };
    for (auto* n = first_; n; n = n->next) {
      list(n->outputs);
      out += (n->outputs.empty() ? "" : " = ") + n->op->name + "(";
      list(n->inputs);
      out += ")";
      if (n->op->role == "map") out += " " + program_text(expr_of(*n));
      for (size_t i = 0; i < n->outputs.size(); ++i)
        out += (i ? ", " : " -> ") + spec_text(values_[n->outputs[i]].spec);
      out += "\n";
    }
    out += "return ";
    list(outputs_);
    return out;
  }

  // Runs the graph; throws when a node reads what is not computed yet. Opaque operators mix their inputs' bytes.
  std::vector<std::vector<char>> evaluate() const {
    std::vector<std::vector<char>> data(values_.size());
    for (size_t id = 0; id < values_.size(); ++id)
      if (values_[id].producer == DS_NO_ID) data[id] = values_[id].data.empty() ? drawn(values_[id]) : values_[id].data;
    for (auto* n = first_; n; n = n->next) compute(*n, data);
    std::vector<std::vector<char>> out;
    for (ds_value_id id : outputs_) out.push_back(data[id]);
    return out;
  }

 private:
  // ---- text ----
  static std::string trim(std::string_view s) {
    size_t from = s.find_first_not_of(" \t\r");
    return from == s.npos ? "" : std::string(s.substr(from, s.find_last_not_of(" \t\r") - from + 1));
  }
  static std::vector<std::string> names(const std::string& s) {  // "%a, -, %b"
    std::vector<std::string> out;
    std::istringstream parts{s};
    for (std::string one; std::getline(parts, one, ',');) {
      one = trim(one);
      if (!one.empty()) out.push_back(one[0] == '%' ? one.substr(1) : one);
    }
    return out;
  }
  static ds_spec parse_spec(const std::string& s) {  // "f32[2,3]"
    ds_spec out{};
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, parse_dtype(s.substr(0, s.find('[')), &out.dtype), "no dtype ", s);
    out.device = {DS_DEVICE_CPU, 0};
    std::istringstream extents{s.find('[') == s.npos ? "" : s.substr(s.find('[') + 1, s.find(']') - s.find('[') - 1)};
    for (std::string e; std::getline(extents, e, ',');) out.shape[out.rank++] = std::stoll(e);
    return out;
  }
  static std::vector<ds_spec> parse_specs(const std::string& s) {  // "-> f32[2,3], i64[]"
    std::vector<ds_spec> out;
    for (size_t from = 0, to; (to = s.find(']', from)) != s.npos; from = to + 1) {
      from = s.find_first_not_of(", ->", from);
      out.push_back(parse_spec(s.substr(from, to + 1 - from)));
    }
    return out;
  }

  void parse(const std::string& line) {
    if (line.empty()) return;
    if (line.starts_with("return")) {
      for (auto& name : names(line.substr(6))) {
        outputs_.push_back(find(name));
        values_[outputs_.back()].flags |= DS_VALUE_OUTPUT;
      }
      return;
    }
    size_t equal = line.find(" = ");
    auto left = equal == line.npos ? std::vector<std::string>{} : names(line.substr(0, equal));
    std::string right = equal == line.npos ? line : line.substr(equal + 3), kind, type, more;
    std::istringstream words{right};
    words >> kind;
    if (kind == "leaf" || kind == "constant") {
      words >> type >> more;
      FakeValue v{left.at(0), parse_spec(type)};
      v.flags = kind == "constant" ? DS_VALUE_CONSTANT : DS_VALUE_LEAF;
      if (kind == "constant") v.data = filled(v.spec, std::stod(more));
      if (more == "donated") v.flags |= DS_VALUE_DONATED;
      if (more == "scalar") v.flags |= DS_VALUE_SCALAR;
      values_.push_back(std::move(v));
      return;
    }
    size_t open = right.find('('), close = right.find(')'), arrow = std::min(right.find("->"), right.size());
    std::vector<ds_value_id> inputs;
    for (auto& name : names(right.substr(open + 1, close - open - 1)))
      inputs.push_back(name == "-" ? DS_NO_ID : find(name));
    FakeNode* n = add(nullptr, operators_.at(right.substr(0, open)), inputs, parse_specs(right.substr(arrow)), left);
    std::istringstream attributes{right.substr(close + 1, arrow - close - 1)};
    for (std::string one; attributes >> one;) {
      std::string text = one.substr(one.find('=') + 1);
      ds_dtype dtype;
      n->attributes.push_back(parse_dtype(text, &dtype) ? dtype_value(dtype) : float_value(std::stod(text)));
    }
  }

  // ---- running ----
  static std::vector<char> filled(const ds_spec& s, double x) {
    std::vector<char> out(byte_count(s));
    uint8_t type = expr_type(s.dtype);
    for (size_t at = 0; at < out.size(); at += size_t(byte_size(s.dtype)))
      expr::store(&out[at], type, expr::convert({x, 0}, DS_EXPR_F64, type));
    return out;
  }
  static std::vector<char> drawn(const FakeValue& v) {
    std::vector<char> out(byte_count(v.spec));
    uint8_t type = expr_type(v.spec.dtype);
    uint64_t state = std::hash<std::string>()(v.name);
    for (size_t at = 0; at < out.size(); at += size_t(byte_size(v.spec.dtype))) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      double x = double(int64_t(state) >> 40) / double(1 << 22);  // -2 .. 2
      if (is_integer(v.spec.dtype)) x = std::floor(x * 10);
      if (is_bool(v.spec.dtype)) x = x > 0;
      expr::store(&out[at], type, expr::convert({x, 0}, DS_EXPR_F64, type));
    }
    return out;
  }

  void compute(const FakeNode& n, std::vector<std::vector<char>>& data) const {
    std::string seed = n.op->name;
    for (ds_value_id id : n.inputs) {
      if (id == DS_NO_ID) continue;
      if (data[id].empty() && element_count(values_[id].spec))
        throw std::logic_error(n.op->name + " reads %" + values_[id].name + " before it is computed");
      seed.append(data[id].begin(), data[id].end());
    }
    for (ds_value_id id : n.outputs) data[id].resize(byte_count(values_[id].spec));
    if (n.op->role == "copy") {
      data[n.outputs[0]] = data[n.inputs[0]];
    } else if (n.op->role == "fill") {
      data[n.outputs[0]] = filled(values_[n.outputs[0]].spec, n.attributes.at(0).u.f);
    } else if (n.op->op_class == DS_CLASS_ELEMENTWISE || n.op->role == "cast") {
      interpret(n, data);
    } else {
      for (ds_value_id id : n.outputs) data[id] = drawn({seed += "+", values_[id].spec});
    }
  }

  void interpret(const FakeNode& n, std::vector<std::vector<char>>& data) const {
    expr::Program moves;  // of a cast
    moves.outputs = {moves.input(DS_EXPR_T)};
    expr::Bytes cast = moves.encode();
    auto own = expr_of(n);
    std::span<const char> program = own.empty() ? std::span(static_cast<const char*>(cast.data()), cast.size) : own;
    std::vector<ds_tensor> tensors(n.inputs.size() + n.outputs.size());
    std::vector<Shape> strides(tensors.size());
    std::vector<const ds_tensor*> in;
    std::vector<ds_tensor*> out;
    std::vector<ds_dtype> dtypes;
    for (size_t i = 0; i < tensors.size(); ++i) {
      ds_value_id id = i < n.inputs.size() ? n.inputs[i] : n.outputs[i - n.inputs.size()];
      const ds_spec& s = values_[id].spec;
      strides[i] = dense_strides(Shape(s));
      tensors[i].dl = {data[id].data(),   s.device, s.rank, to_dl(s.dtype), const_cast<int64_t*>(s.shape),
                       strides[i].data(), 0};
      if (i < n.inputs.size())
        in.push_back(&tensors[i]), dtypes.push_back(s.dtype);
      else
        out.push_back(&tensors[i]);
    }
    std::vector<double> numbers;
    for (auto& a : n.attributes)
      if (a.tag == DS_FLOAT) numbers.push_back(a.u.f);
    ds_run_args args{nullptr, in.data(), out.data(), nullptr, uint32_t(in.size()), uint32_t(out.size()),
                     0,       0,         nullptr,    nullptr};
    expr::interpret(program.data(), program.size(), expr_node_type(dtypes, values_[n.outputs[0]].spec.dtype), args,
                    numbers);
  }

  static std::span<const char> expr_of(const FakeNode& n) {
    if (n.op->program.size) return {static_cast<const char*>(n.op->program.data()), n.op->program.size};
    return n.bytes;
  }

  // ---- the graph, see fake_edit.hpp ----
  FakeNode* add(FakeNode* before, const FakeOperator& op, const std::vector<ds_value_id>& inputs,
                const std::vector<ds_spec>& outputs, const std::vector<std::string>& names = {}) {
    nodes_.push_back(std::make_unique<FakeNode>(FakeNode{ds_node_id(nodes_.size()), &op, inputs, {}}));
    FakeNode* n = nodes_.back().get();
    n->next = before;
    n->previous = before ? before->previous : last_;
    (n->previous ? n->previous->next : first_) = n;
    (before ? before->previous : last_) = n;
    for (ds_value_id id : inputs)
      if (id != DS_NO_ID) values_[id].users.push_back(n->id);
    for (size_t i = 0; i < outputs.size(); ++i) {
      n->outputs.push_back(ds_value_id(values_.size()));
      FakeValue v{i < names.size() ? names[i] : std::to_string(values_.size()), outputs[i]};
      v.producer = n->id;
      v.index = uint32_t(i);
      values_.push_back(std::move(v));
    }
    return n;
  }
  void start_program_stage() {
    program_stage_ = true;
    uint32_t position = 0;
    for (auto* n = first_; n; n = n->next) {
      n->position = position++;
      for (ds_value_id id : n->outputs) values_[id].first = values_[id].last = n->position;
      for (ds_value_id id : n->inputs)
        if (id != DS_NO_ID) values_[id].last = n->position;
    }
    for (ds_value_id id : outputs_) values_[id].last = DS_NO_ID;
  }
  ds_edit table();
  friend struct FakeEdit;

  std::map<std::string, FakeOperator> operators_;
  std::vector<FakeValue> values_;
  std::vector<std::unique_ptr<FakeNode>> nodes_;
  FakeNode *first_ = nullptr, *last_ = nullptr;
  std::vector<ds_value_id> outputs_;
  bool program_stage_ = false;
};

}  // namespace ds::test

#include "deepseek/fake_edit.hpp"

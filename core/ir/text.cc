// The text form of a graph: one line a value, parses back to an equal graph.
#include <charconv>
#include <cmath>

#include "core/base/small.h"
#include "core/ir/call.h"
#include "core/ir/graph.h"

namespace ds::core {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  static constexpr char digits[] = "0123456789abcdef";
  for (unsigned char ch : text) {
    if (ch >= 32 && ch < 127 && ch != '"' && ch != '\\')
      out += char(ch);
    else
      out += {'\\', 'x', digits[ch >> 4], digits[ch & 15]};
  }
  return out + "\"";
}

std::string number(double v) {
  if (std::isnan(v)) return std::signbit(v) ? "-nan" : "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  char text[40];
  auto [end, failed] = std::to_chars(text, text + sizeof text, v);
  std::string out(text, end);
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

std::string value_text(const ds_value& v) {
  std::string out;
  switch (v.tag) {
    case DS_INT:
      return std::to_string(v.u.i);
    case DS_FLOAT:
      return number(v.u.f);
    case DS_FLAG:
      return v.u.i ? "true" : "false";
    case DS_STRING:
      return quoted({v.u.s, v.count});
    case DS_BYTES:
      return "x" + quoted({v.u.s, v.count});
    case DS_TYPE:
      return v.u.i ? dtype_name(ds_dtype(v.u.i)) : "dtype()";
    case DS_INTS:
      for (uint32_t i = 0; i < v.count; ++i) out += (i ? "," : "") + std::to_string(v.u.is[i]);
      return "[" + out + "]";
    case DS_FLOATS:
      for (uint32_t i = 0; i < v.count; ++i) out += (i ? "," : "") + number(v.u.fs[i]);
      return "f[" + out + "]";
    default:
      return "none";
  }
}

std::string device_text(const ds_device_id& d) {
  return d.type == DS_DEVICE_CPU && d.index == 0 ? "" : cat("@", d.type, ":", d.index);
}

class Parser {
 public:
  Parser(std::string_view text, FindOperator find, void* user, Graph* graph, std::vector<ValueId>* outputs)
      : text_(text), find_(find), user_(user), graph_(*graph), outputs_(*outputs) {}

  Status run() {
    if (!word("graph") || !line_end()) return wrong("expected 'graph'");
    for (;;) {
      while (line_end()) {
      }
      if (at_ == text_.size()) return wrong("expected 'return'");
      if (word("return")) return parse_return();
      DS_RETURN_IF_ERROR(parse_value());
    }
  }

 private:
  template <class... Parts>
  Status wrong(const Parts&... parts) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at_ && i < text_.size(); ++i) {
      ++column;
      if (text_[i] == '\n') ++line, column = 1;
    }
    return error(DS_CORRUPT, "graph text, line ", line, ", column ", column, ": ", parts...);
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool line_end() {
    blanks();
    if (at_ < text_.size() && text_[at_] == '\n') return ++at_, true;
    return false;
  }
  bool take(char ch) {
    blanks();
    if (at_ < text_.size() && text_[at_] == ch) return ++at_, true;
    return false;
  }
  bool word(std::string_view w) {
    blanks();
    if (!text_.substr(at_).starts_with(w)) return false;
    size_t end = at_ + w.size();
    if (end < text_.size() && (std::isalnum((unsigned char)text_[end]) || text_[end] == '_')) return false;
    at_ = end;
    return true;
  }
  std::string_view name() {
    blanks();
    size_t start = at_;
    while (at_ < text_.size() && (std::isalnum((unsigned char)text_[at_]) || text_[at_] == '_' || text_[at_] == '.'))
      ++at_;
    return text_.substr(start, at_ - start);
  }
  template <class T>
  bool parse_number(T* out) {
    blanks();
    auto [end, failed] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), *out);
    if (failed != std::errc()) return false;
    at_ = size_t(end - text_.data());
    return true;
  }

  Status parse_id(ValueId* id) {
    uint32_t n;
    if (!take('%') || !parse_number(&n)) return wrong("expected a value like %3");
    if (n >= graph_.values().size()) return wrong("%", n, " is not defined yet");
    return *id = n, Status();
  }

  Status parse_spec(ds_spec* spec) {
    *spec = ds_spec{};
    spec->device = {DS_DEVICE_CPU, 0};
    size_t start = at_;
    if (!parse_dtype(name(), &spec->dtype)) return at_ = start, wrong("expected a dtype");
    if (!take('[')) return wrong("expected '['");
    if (!take(']')) do {
        if (spec->rank == DS_MAX_RANK) return wrong("rank above ", DS_MAX_RANK);
        if (!parse_number(&spec->shape[spec->rank++])) return wrong("expected an extent");
      } while (take(','));
    if (text_[at_ - 1] != ']' && !take(']')) return wrong("expected ']'");
    if (take('@') && (!parse_number(&spec->device.type) || !take(':') || !parse_number(&spec->device.index)))
      return wrong("expected a device like @1:0");
    uint64_t elements, nbytes;
    if (auto bad = check_spec(*spec, &elements, &nbytes)) return wrong(bad.text());
    return {};
  }

  Status parse_string(std::string* out) {
    if (!take('"')) return wrong("expected '\"'");
    for (;; ++at_) {
      if (at_ >= text_.size() || text_[at_] == '\n') return wrong("a string does not end");
      if (text_[at_] == '"') return ++at_, Status();
      if (text_[at_] != '\\') {
        *out += text_[at_];
        continue;
      }
      unsigned code;
      if (at_ + 4 > text_.size() || text_[at_ + 1] != 'x' ||
          std::from_chars(text_.data() + at_ + 2, text_.data() + at_ + 4, code, 16).ptr != text_.data() + at_ + 4)
        return wrong("expected an escape like \\x0a");
      *out += char(code);
      at_ += 3;
    }
  }

  Status parse_attribute(uint32_t tag, ds_value* v) {
    *v = {tag, 0, {.i = 0}};
    if (word("none")) return v->tag = DS_NONE, Status();
    switch (tag) {
      case DS_INT:
        return parse_number(&v->u.i) ? Status() : wrong("expected an integer");
      case DS_FLOAT:
        return parse_number(&v->u.f) ? Status() : wrong("expected a number");
      case DS_FLAG:
        if (word("true")) return v->u.i = 1, Status();
        return word("false") ? Status() : wrong("expected true or false");
      case DS_TYPE: {
        if (word("dtype")) return take('(') && take(')') ? Status() : wrong("expected 'dtype()'");
        ds_dtype d;
        if (!parse_dtype(name(), &d)) return wrong("expected a dtype");
        return v->u.i = d, Status();
      }
      case DS_BYTES:
      case DS_STRING: {
        if (tag == DS_BYTES && !take('x')) return wrong("expected x\"...\"");
        std::string text;
        DS_RETURN_IF_ERROR(parse_string(&text));
        v->count = uint32_t(text.size());
        v->u.p = memory_.copy(text.data(), text.size());
        return {};
      }
      case DS_INTS:
      case DS_FLOATS: {
        std::vector<int64_t> ints;
        std::vector<double> floats;
        if (tag == DS_FLOATS && !take('f')) return wrong("expected f[...]");
        if (!take('[')) return wrong("expected '['");
        if (!take(']')) {
          do {
            bool good = tag == DS_INTS ? parse_number(&ints.emplace_back()) : parse_number(&floats.emplace_back());
            if (!good) return wrong("expected a number");
          } while (take(','));
          if (!take(']')) return wrong("expected ']'");
        }
        v->count = uint32_t(tag == DS_INTS ? ints.size() : floats.size());
        v->u.p = tag == DS_INTS ? memory_.copy(ints.data(), ints.size() * 8)
                                : memory_.copy(floats.data(), floats.size() * 8);
        return {};
      }
    }
    return wrong("an attribute of an unknown kind");
  }

  Status parse_value() {
    uint32_t id;
    if (!take('%') || !parse_number(&id)) return wrong("expected a value, 'return' or an empty line");
    if (id != graph_.values().size()) return wrong("expected %", graph_.values().size());
    uint32_t outputs = 1;
    while (take(',')) {
      uint32_t next;
      if (!take('%') || !parse_number(&next) || next != id + outputs) return wrong("expected %", id + outputs);
      ++outputs;
    }
    if (!take('=')) return wrong("expected '='");
    bool leaf = word("leaf"), scalar = !leaf && word("scalar");
    if (leaf || scalar) {
      ds_spec spec;
      DS_RETURN_IF_ERROR(parse_spec(&spec));
      graph_.add_leaf(spec, scalar);
    } else if (word("constant")) {
      DS_RETURN_IF_ERROR(parse_constant());
    } else {
      DS_RETURN_IF_ERROR(parse_node(outputs));
    }
    if (take('#')) {
      size_t end = std::min(text_.find('\n', at_), text_.size());
      blanks();
      graph_.names[id] = std::string(text_.substr(at_, end - at_));
      at_ = end;
    }
    return line_end() || at_ == text_.size() ? Status() : wrong("expected the end of the line");
  }

  Status parse_constant() {
    ds_spec spec;
    std::string bytes;
    DS_RETURN_IF_ERROR(parse_spec(&spec));
    DS_RETURN_IF_ERROR(parse_string(&bytes));
    if (bytes.size() != byte_count(spec)) return wrong("expected ", byte_count(spec), " bytes, got ", bytes.size());
    void* memory = new char[bytes.size() + 1];
    std::memcpy(memory, bytes.data(), bytes.size());
    auto release = [](Buffer* b, void*) { delete[] static_cast<char*>(b->memory); };
    graph_.add_constant(spec, Ref<Buffer>(new Buffer(memory, bytes.size(), spec.device, release, nullptr)));
    return {};
  }

  Status parse_node(uint32_t outputs) {
    size_t start = at_;
    std::string op_name(name());
    Status status;
    const Operator* op = find_(user_, op_name, &status);
    if (!op) return at_ = start, wrong(status.text());
    std::vector<ValueId> inputs;
    std::vector<CallInput> specs;
    if (!take('(')) return wrong("expected '('");
    if (!take(')')) {
      do {
        ValueId input = kNone;
        if (!take('-')) DS_RETURN_IF_ERROR(parse_id(&input));
        inputs.push_back(input);
      } while (take(','));
      if (!take(')')) return wrong("expected ')'");
    }
    for (ValueId input : inputs) specs.push_back({input == kNone ? nullptr : &graph_.value(input).spec, Weak::kNone});
    Small<ds_value, 8> attributes(uint32_t(op->schema.attributes.size()));
    for (auto& a : attributes) a = ds_value{};
    while (at_ < text_.size() && !text_.substr(at_).starts_with("->")) {
      blanks();
      if (text_.substr(at_).starts_with("->")) break;
      size_t before = at_;
      std::string attribute(name());
      uint32_t i = 0;
      while (i < op->schema.attributes.size() && op->schema.attributes[i].name != attribute) ++i;
      if (i == op->schema.attributes.size()) return at_ = before, wrong(op_name, " has no attribute '", attribute, "'");
      if (!take('=')) return wrong("expected '='");
      DS_RETURN_IF_ERROR(parse_attribute(op->schema.attributes[i].tag, &attributes[i]));
      blanks();
    }
    if (!take('-') || !take('>')) return wrong("expected '->'");
    Call call;
    if (auto bad = plan_call(*op, specs, attributes, DS_F32, &call)) return wrong(bad.text());
    for (uint32_t i = 0; i < inputs.size(); ++i)
      if (inputs[i] != kNone && call.input_dtypes[i] != specs[i].spec->dtype)
        return wrong(op_name, ": input ", i, " must be cast to ", dtype_name(call.input_dtypes[i]));
    for (uint32_t i = 0; i < outputs; ++i) {
      ds_spec spec;
      if (i && !take(',')) return wrong("expected ','");
      DS_RETURN_IF_ERROR(parse_spec(&spec));
      if (i >= call.outputs.size() || !same_type(spec, call.outputs[i]))
        return wrong(op_name, " does not yield ", spec_text(spec), " here");
    }
    if (outputs != call.outputs.size()) return wrong(op_name, " yields ", call.outputs.size(), " values");
    graph_.add_node(*op, inputs, call.attributes, call.outputs, 0);
    return {};
  }

  Status parse_return() {
    if (line_end() || at_ == text_.size()) return {};
    do {
      ValueId id;
      DS_RETURN_IF_ERROR(parse_id(&id));
      outputs_.push_back(id);
    } while (take(','));
    while (line_end()) {
    }
    return at_ == text_.size() ? Status() : wrong("expected the end");
  }

  std::string_view text_;
  size_t at_ = 0;
  FindOperator find_;
  void* user_;
  Graph& graph_;
  std::vector<ValueId>& outputs_;
  Arena memory_;
};

}  // namespace

std::string print(const Graph& graph, std::span<const ValueId> outputs) {
  std::string out = "graph\n";
  auto line = [&](ValueId id, const std::string& text) {
    out += text;
    auto name = graph.names.find(id);
    if (name != graph.names.end()) out += "  # " + name->second;
    out += "\n";
  };
  for (ValueId id = 0; id < graph.values().size(); ++id) {
    const ValueInfo& v = graph.value(id);
    std::string type = spec_text(v.spec) + device_text(v.spec.device);
    if (v.kind == ValueKind::kLeaf || v.kind == ValueKind::kScalar) {
      line(id, cat("%", id, " = ", v.kind == ValueKind::kLeaf ? "leaf " : "scalar ", type));
    } else if (v.kind == ValueKind::kConstant) {
      const Buffer& data = *graph.constants()[v.index];
      line(id, cat("%", id, " = constant ", type, " ", quoted({static_cast<const char*>(data.memory), data.nbytes})));
    } else if (v.index == 0) {
      const Node& n = graph.node(v.producer);
      std::string text, types;
      for (uint32_t i = 0; i < n.output_count; ++i) {
        const ds_spec& spec = graph.value(n.first_output + i).spec;
        text += cat(i ? ", %" : "%", n.first_output + i);
        types += cat(i ? ", " : "", spec_text(spec), device_text(spec.device));
      }
      text += cat(" = ", n.op->name(), "(");
      auto inputs = graph.inputs(n);
      for (uint32_t i = 0; i < inputs.size(); ++i)
        text += cat(i ? ", " : "", inputs[i] == kNone ? "-" : cat("%", inputs[i]));
      text += ")";
      auto attributes = graph.attributes(n);
      for (uint32_t i = 0; i < attributes.size(); ++i)
        text += cat(" ", n.op->schema.attributes[i].name, "=", value_text(attributes[i]));
      line(id, cat(text, " -> ", types));
    }
  }
  out += "return";
  for (size_t i = 0; i < outputs.size(); ++i) out += cat(i ? ", %" : " %", outputs[i]);
  return out + "\n";
}

Status parse(std::string_view text, FindOperator find, void* user, Graph* graph, std::vector<ValueId>* outputs) {
  DS_RETURN_IF_ERROR(Parser(text, find, user, graph, outputs).run());
  return verify(*graph);
}

}  // namespace ds::core

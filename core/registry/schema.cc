// The grammar of draft/operator.h, read in one pass from left to right.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/registry/operator.h"
#include "core/tensor/dtype.h"

namespace ds::core {
namespace {

constexpr size_t kMostParameters = 200;  // variables are counted in a byte

struct NamedClass {
  std::string_view name;
  TypeClass type_class;
};
// bool is missing: as a class and as a dtype it means the same, and an exact dtype needs no infer.
constexpr std::array kClasses = {NamedClass{"any", TypeClass::kAny},   NamedClass{"number", TypeClass::kNumber},
                                 NamedClass{"real", TypeClass::kReal}, NamedClass{"float", TypeClass::kFloat},
                                 NamedClass{"int", TypeClass::kInt},   NamedClass{"complex", TypeClass::kComplex}};

struct NamedTag {
  std::string_view name;
  uint32_t tag;
};
constexpr std::array kTags = {NamedTag{"int", DS_INT},       NamedTag{"float", DS_FLOAT}, NamedTag{"flag", DS_FLAG},
                              NamedTag{"string", DS_STRING}, NamedTag{"ints", DS_INTS},   NamedTag{"floats", DS_FLOATS},
                              NamedTag{"dtype", DS_TYPE},    NamedTag{"bytes", DS_BYTES}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view text, Schema* schema) : text_(text), schema_(*schema) {}

  Status parse() {
    DS_RETURN_IF_ERROR(operator_name());
    DS_RETURN_IF_ERROR(expect("("));
    if (!accept(")")) DS_RETURN_IF_ERROR(parameters());
    DS_RETURN_IF_ERROR(expect("->"));
    do DS_RETURN_IF_ERROR(output());
    while (accept(","));
    skip_blanks();
    return at_ == text_.size() ? Status() : wrong("expected the end");
  }

 private:
  Status operator_name() {
    do {
      std::string_view part = word();
      if (part.empty()) return wrong("expected the operator's name");
      schema_.name.append(schema_.name.empty() ? "" : ".").append(part);
    } while (at_ < text_.size() && text_[at_] == '.' && ++at_);
    return {};
  }

  Status parameters() {
    bool attributes = false;
    for (;;) {
      if (!attributes && accept("*")) {
        attributes = true;
        DS_RETURN_IF_ERROR(expect(","));
      }
      DS_RETURN_IF_ERROR(attributes ? attribute() : input());
      if (schema_.inputs.size() + schema_.attributes.size() > kMostParameters) return wrong("too many parameters");
      if (accept(")")) return {};
      DS_RETURN_IF_ERROR(expect(","));
    }
  }

  Status input() {
    Parameter p;
    if (schema_.variadic_inputs()) return wrong("expected ')' or '*' after the variadic input");
    DS_RETURN_IF_ERROR(parameter_name(&p.name));
    DS_RETURN_IF_ERROR(expect(":"));
    DS_RETURN_IF_ERROR(type(&p));
    if (accept("?"))
      p.optional = true;
    else if (accept("*"))
      p.variadic = true;
    schema_.inputs.push_back(std::move(p));
    return {};
  }

  Status output() {
    Parameter p;
    if (schema_.variadic_outputs()) return wrong("nothing may follow the variadic output");
    size_t start = at_;
    std::string_view name = word();
    if (!name.empty() && accept(":"))
      p.name = name;
    else
      at_ = start;
    DS_RETURN_IF_ERROR(type(&p));
    p.variadic = accept("*");
    schema_.outputs.push_back(std::move(p));
    return schema_.outputs.size() > kMostParameters ? wrong("too many outputs") : Status();
  }

  Status attribute() {
    AttributeSpec a;
    DS_RETURN_IF_ERROR(parameter_name(&a.name));
    DS_RETURN_IF_ERROR(expect(":"));
    size_t start = start_of_word();
    std::string_view kind = word();
    auto it = std::find_if(kTags.begin(), kTags.end(), [&](auto& t) { return t.name == kind; });
    if (it == kTags.end())
      return wrong_at(start, "'", kind, "' is not a kind: int float flag string ints floats dtype bytes");
    a.tag = it->tag;
    a.required = !accept("=");
    if (!a.required) DS_RETURN_IF_ERROR(fallback(&a));
    schema_.attributes.push_back(std::move(a));
    return {};
  }

  Status parameter_name(std::string* name) {
    size_t start = start_of_word();
    *name = word();
    if (name->empty()) return wrong("expected a name");
    auto same = [&](auto& p) { return p.name == *name; };
    if (std::any_of(schema_.inputs.begin(), schema_.inputs.end(), same) ||
        std::any_of(schema_.attributes.begin(), schema_.attributes.end(), same))
      return wrong_at(start, "the name ", *name, " is taken");
    return {};
  }

  // Inputs and outputs that spell a type the same way share its variable.
  Status type(Parameter* p) {
    size_t start = start_of_word();
    std::string_view spelled = word();
    if (spelled.empty()) return wrong("expected a type");
    TypeVariable variable{TypeClass::kExact, 0};
    if (!parse_dtype(spelled, &variable.exact)) {
      std::string_view digits = spelled;
      while (!digits.empty() && !is_digit(digits.front())) digits.remove_prefix(1);
      std::string_view name = spelled.substr(0, spelled.size() - digits.size());
      auto it = std::find_if(kClasses.begin(), kClasses.end(), [&](auto& c) { return c.name == name; });
      // int8 would be a variable, but who writes it means the dtype.
      if (it == kClasses.end() || digits.size() > 1 || digits == "0" || (digits == "8" && name != "any"))
        return wrong_at(start, "'", spelled,
                        "' is neither a class (any number real float int bool complex, with one "
                        "digit for another variable) nor a dtype (f32 i64 ..)");
      variable.type_class = it->type_class;
    }
    auto known = std::find(spellings_.begin(), spellings_.end(), spelled);
    p->variable = uint8_t(known - spellings_.begin());
    if (known == spellings_.end()) {
      spellings_.push_back(spelled);
      schema_.variables.push_back(variable);
    }
    return {};
  }

  Status fallback(AttributeSpec* a) {
    size_t start = start_of_word();
    if (at_ < text_.size() && is_letter(text_[at_])) {
      std::string_view name = word();
      ds_dtype dtype;
      if (name == "none") return {};  // the fallback stays DS_NONE
      if (a->tag == DS_FLAG && (name == "true" || name == "false")) {
        a->fallback = {DS_FLAG, 0, {.i = name == "true"}};
        return {};
      }
      if (a->tag == DS_TYPE && parse_dtype(name, &dtype)) {
        a->fallback = {DS_TYPE, 0, {.i = dtype}};
        return {};
      }
      at_ = start;
    }
    switch (a->tag) {
      case DS_INT:
        a->fallback.tag = DS_INT;
        return number(&a->fallback.u.i, "an integer");
      case DS_FLOAT:
        a->fallback.tag = DS_FLOAT;
        return number(&a->fallback.u.f, "a number");
      case DS_INTS:
        return list<int64_t>(a, "an integer");
      case DS_FLOATS:
        return list<double>(a, "a number");
      case DS_STRING:
      case DS_BYTES:
        return quoted(a);
      case DS_FLAG:
        return wrong("expected true, false or none");
      default:
        return wrong("expected a dtype or none");
    }
  }

  template <class T>
  Status number(T* value, std::string_view what) {
    skip_blanks();
    auto [end, code] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), *value);
    if (code == std::errc::result_out_of_range) return wrong("the number is out of range");
    if (code != std::errc()) return wrong("expected ", what);
    at_ = size_t(end - text_.data());
    if (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.'))
      return wrong("expected ", what);
    return {};
  }

  template <class T>
  Status list(AttributeSpec* a, std::string_view what) {
    auto values = std::make_shared<std::vector<T>>();
    DS_RETURN_IF_ERROR(expect("["));
    if (!accept("]")) {
      do DS_RETURN_IF_ERROR(number(&values->emplace_back(), what));
      while (accept(","));
      DS_RETURN_IF_ERROR(expect("]"));
    }
    a->fallback = {a->tag, uint32_t(values->size()), {.p = values->data()}};
    a->storage = std::move(values);
    return {};
  }

  Status quoted(AttributeSpec* a) {
    auto value = std::make_shared<std::string>();
    DS_RETURN_IF_ERROR(expect("\""));
    for (;; ++at_) {
      if (at_ >= text_.size()) return wrong("the string does not end");
      if (text_[at_] == '"') break;
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value->push_back(text_[at_]);
    }
    ++at_;
    a->fallback = {a->tag, uint32_t(value->size()), {.s = value->data()}};
    a->storage = std::move(value);
    return {};
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  size_t start_of_word() {
    skip_blanks();
    return at_;
  }
  std::string_view word() {
    size_t start = start_of_word();
    if (at_ < text_.size() && is_letter(text_[at_]))
      while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(start, at_ - start);
  }
  bool accept(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  Status expect(std::string_view token) { return accept(token) ? Status() : wrong("expected '", token, "'"); }

  template <class... Parts>
  Status wrong(const Parts&... what) {
    skip_blanks();
    std::string found = at_ < text_.size() ? cat(", found '", text_[at_], "'") : std::string(", found the end");
    return wrong_at(at_, what..., found);
  }
  template <class... Parts>
  Status wrong_at(size_t at, const Parts&... what) {
    return error(DS_BAD_PLUGIN, "schema \"", text_, "\", column ", at + 1, ": ", what...);
  }

  std::string_view text_;
  Schema& schema_;
  size_t at_ = 0;
  std::vector<std::string_view> spellings_;  // of schema_.variables
};

}  // namespace

Status parse_schema(std::string_view text, Schema* schema) {
  Schema parsed;
  DS_RETURN_IF_ERROR(Parser(text, &parsed).parse());
  *schema = std::move(parsed);
  return {};
}

}  // namespace ds::core

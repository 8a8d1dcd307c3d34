// schema.hpp: an operator's schema read while compiling, and its attributes by name.
#pragma once
#include "deepseek/shape.hpp"

namespace ds {

// The parts of a schema (grammar: draft/operator.h). A malformed one does not compile; the core checks the details.
struct Schema {
  struct Parameter {
    std::string_view name, type;
    bool optional = false, variadic = false;
  };
  std::string_view text, name;
  Parameter inputs[24], attributes[24], outputs[12];
  uint32_t input_count = 0, attribute_count = 0, output_count = 0;

  constexpr explicit Schema(std::string_view schema) : text(schema) {
    size_t open = schema.find('('), arrow = schema.rfind("->");
    size_t close = schema.rfind(')', arrow);
    name = trim(schema.substr(0, open));
    bool after_star = false;
    each(schema.substr(open + 1, close - open - 1), [&](std::string_view part) {
      if (part == "*") return void(after_star = true);
      Parameter p = parameter(part);
      if (after_star)
        attributes[attribute_count++] = p;
      else
        inputs[input_count++] = p;
    });
    each(schema.substr(arrow + 2), [&](std::string_view part) { outputs[output_count++] = parameter(part); });
  }

  constexpr bool variadic() const { return input_count && inputs[input_count - 1].variadic; }
  constexpr bool numeric(uint32_t attribute) const {
    std::string_view kind = attributes[attribute].type;
    return kind == "int" || kind == "float" || kind == "flag";
  }
  constexpr uint32_t numeric_count() const {
    uint32_t n = 0;
    for (uint32_t i = 0; i < attribute_count; ++i) n += numeric(i);
    return n;
  }
  constexpr const Parameter& input(uint32_t i) const { return inputs[i < input_count ? i : input_count - 1]; }

 private:
  static constexpr std::string_view trim(std::string_view s) {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\n')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\n')) s.remove_suffix(1);
    return s;
  }
  static constexpr Parameter parameter(std::string_view part) {
    Parameter p;
    size_t colon = part.find(':');
    if (colon != part.npos) p.name = trim(part.substr(0, colon));
    std::string_view type = trim(colon == part.npos ? part : part.substr(colon + 1));
    type = trim(type.substr(0, type.find('=')));
    if (type.ends_with('?')) p.optional = true;
    if (type.ends_with('*')) p.variadic = true;
    if (p.optional || p.variadic) type.remove_suffix(1);
    p.type = type;
    return p;
  }
  // Calls f with what stands between commas outside of brackets and quotes.
  template <class F>
  static constexpr void each(std::string_view list, F&& f) {
    size_t start = 0;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i <= list.size(); ++i) {
      char c = i < list.size() ? list[i] : ',';
      if (c == '"')
        quoted = !quoted;
      else if (c == '[')
        ++depth;
      else if (c == ']')
        --depth;
      if (i < list.size() && (c != ',' || depth || quoted)) continue;
      std::string_view part = trim(list.substr(start, i - start));
      if (!part.empty()) f(part);
      start = i + 1;
    }
  }
};

// Attributes of one call, complete and in schema order: attr<int64_t>("axis").
class Attributes {
 public:
  Attributes(const Schema& schema, const ds_value* values) : schema_(&schema), values_(values) {}

  const Schema& schema() const { return *schema_; }
  const ds_value& attribute(std::string_view name) const {
    for (uint32_t i = 0; i < schema_->attribute_count; ++i)
      if (schema_->attributes[i].name == name) return values_[i];
    raise(DS_INTERNAL, schema_->name, " has no attribute ", name);
  }
  const ds_value& attribute(uint32_t i) const { return values_[i]; }
  // False where the default is none and nothing was given.
  bool has(std::string_view name) const { return attribute(name).tag != DS_NONE; }

  // T: bool, integers, double, std::string_view, std::span<const int64_t>, std::span<const double>, Shape, ds_value.
  // A dtype is attr<ds_dtype>.
  template <class T>
  T attr(std::string_view name) const {
    const ds_value& v = attribute(name);
    if constexpr (std::is_same_v<T, ds_value>) {
      return v;
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      return v.tag == DS_NONE ? std::string_view() : std::string_view(v.u.s, v.count);
    } else if constexpr (std::is_same_v<T, std::span<const int64_t>>) {
      return v.tag == DS_NONE ? T() : T(v.u.is, v.count);
    } else if constexpr (std::is_same_v<T, Shape>) {
      return v.tag == DS_NONE ? Shape() : Shape(v.u.is, v.count);
    } else if constexpr (std::is_same_v<T, std::span<const double>>) {
      return v.tag == DS_NONE ? T() : T(v.u.fs, v.count);
    } else if constexpr (std::is_floating_point_v<T>) {
      return v.tag == DS_FLOAT ? T(v.u.f) : T(v.u.i);
    } else {
      static_assert(std::is_integral_v<T>);
      return v.tag == DS_NONE ? T() : T(v.u.i);
    }
  }

 private:
  const Schema* schema_;
  const ds_value* values_;
};

}  // namespace ds

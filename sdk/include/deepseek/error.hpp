// error.hpp: how operators and passes fail: DS_REQUIRE(condition, parts...) throws inside a slot, the slot answers.
#pragma once
#include <charconv>
#include <cmath>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "deepseek/ds_types.h"

namespace ds {

// Thrown only between a slot of this library and the wrapper around it.
struct Error : std::exception {
  ds_status code;
  std::string text;
  Error(ds_status c, std::string t) : code(c), text(std::move(t)) {}
  const char* what() const noexcept override { return text.c_str(); }
};

inline void append(std::string& to, std::string_view part) { to += part; }
inline void append(std::string& to, const char* part) { to += part; }
inline void append(std::string& to, char part) { to += part; }
inline void append(std::string& to, bool part) { to += part ? "true" : "false"; }
inline void append_integer(std::string& to, long long part) {
  char digits[24];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
}
template <class T>
requires(std::is_integral_v<T>) inline void append(std::string& to, T part) {
  append_integer(to, static_cast<long long>(part));
}
inline void append(std::string& to, double part) {
  char digits[40];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
}

inline void append(std::string& to, const ds_spec& spec);  // "f32[2,3]"; shape.hpp
inline void append(std::string& to, std::span<const int64_t> dims) {
  to += '[';
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i) to += ',';
    append_integer(to, dims[i]);
  }
  to += ']';
}

// cat("axis ", 3, " of ", shape): the parts, one after the other. append is found by argument-dependent lookup.
template <class... Parts>
std::string cat(Parts... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

template <class... Parts>
[[noreturn]] void raise(ds_status code, Parts... parts) {
  throw Error(code, cat(parts...));
}

}  // namespace ds

// A broken condition of shapes: DS_SHAPE_MISMATCH with the text. DS_REQUIRE_AS names another code.
#define DS_REQUIRE(condition, ...) DS_REQUIRE_AS(DS_SHAPE_MISMATCH, condition, __VA_ARGS__)
#define DS_REQUIRE_AS(code, condition, ...) \
  do {                                      \
    if (!(condition)) [[unlikely]]          \
      ::ds::raise(code, __VA_ARGS__);       \
  } while (false)

// A Status is one pointer: null when fine, so that passing success on costs nothing.
#pragma once
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "deepseek/ds_types.h"

namespace ds::core {

class [[nodiscard]] Status {
 public:
  Status() = default;  // fine
  // A failure, also where a plugin names DS_OK as its reason.
  Status(ds_status code, std::string text, uint64_t location = 0)
      : error_(new Error{code == DS_OK ? DS_BAD_PLUGIN : code, std::move(text), location}) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return !ok(); }  // true = there is an error, as in `if (auto s = f()) return s;`
  ds_status code() const { return error_ ? error_->code : DS_OK; }
  const std::string& text() const;
  uint64_t location() const { return error_ ? error_->location : 0; }

  // Puts "what: " before the text.
  Status&& in(std::string_view what) &&;
  // Names the user's line, unless one is already named.
  Status&& at(uint64_t location) &&;

 private:
  struct Error {
    ds_status code;
    std::string text;
    uint64_t location;
  };
  std::unique_ptr<Error> error_;
};

template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

template <class... Parts>
Status error(ds_status code, const Parts&... parts) {
  return Status(code, cat(parts...));
}

// Collects the errors a plugin sets through a ds_error_sink; lives for one call.
class ErrorSink {
 public:
  ErrorSink() : sink_{this, &ErrorSink::set} {}
  ErrorSink(const ErrorSink&) = delete;
  const ds_error_sink* get() const { return &sink_; }
  // The failure a slot answered, with the text it set; never fine when `status` is not.
  Status take(int32_t status, std::string_view where);

 private:
  static void set(void* self, ds_status code, const char* text, uint64_t length);
  ds_error_sink sink_;
  ds_status code_ = DS_OK;
  std::string text_;
};

#define DS_RETURN_IF_ERROR(expression)               \
  do {                                               \
    if (auto status_ = (expression)) return status_; \
  } while (0)

}  // namespace ds::core

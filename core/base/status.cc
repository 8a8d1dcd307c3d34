#include "core/base/status.h"

namespace ds::core {

const std::string& Status::text() const {
  static const std::string fine = "fine";
  return error_ ? error_->text : fine;
}

Status&& Status::in(std::string_view what) && {
  if (error_) error_->text = cat(what, ": ", error_->text);
  return std::move(*this);
}

Status&& Status::at(uint64_t location) && {
  if (error_ && !error_->location) error_->location = location;
  return std::move(*this);
}

void ErrorSink::set(void* self, ds_status code, const char* text, uint64_t length) {
  auto* sink = static_cast<ErrorSink*>(self);
  if (sink->code_ != DS_OK) return;  // the first error is the cause
  sink->code_ = code;
  sink->text_.assign(text ? text : "", text ? length : 0);
}

Status ErrorSink::take(int32_t status, std::string_view where) {
  if (status == DS_OK) return {};
  std::string text = text_.empty() ? cat("failed with status ", status) : std::move(text_);
  code_ = DS_OK;
  text_.clear();
  return Status(status, where.empty() ? std::move(text) : cat(where, ": ", text));
}

}  // namespace ds::core

#include "header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "crc32c.h"

namespace ds::safetensors {
namespace {

using nlohmann::json;

constexpr struct {
  const char* name;
  ds_dtype dtype;
} kDtypes[] = {{"BOOL", DS_BOOL}, {"U8", DS_U8},     {"I8", DS_I8},   {"U16", DS_U16}, {"I16", DS_I16},
               {"F16", DS_F16},   {"BF16", DS_BF16}, {"U32", DS_U32}, {"I32", DS_I32}, {"F32", DS_F32},
               {"U64", DS_U64},   {"I64", DS_I64},   {"F64", DS_F64}, {"C64", DS_C64}};

std::string in_quotes(std::string_view s) {
  constexpr size_t kShown = 200;
  return "'" + std::string(s.substr(0, kShown)) + (s.size() > kShown ? "..'" : "'");
}

// Reads the header as it comes: no tree is built, and the first thing that does not belong ends it.
class Reader : public nlohmann::json_sax<json> {
 public:
  Header header;
  std::string problem;
  bool ended = false;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return unexpected("a fraction"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (in_ == In::kShape) {
      if (value > INT64_MAX || entry_.shape.size() == DS_MAX_RANK)
        return fault(value > INT64_MAX ? "has an extent beyond 63 bits" : "has more than 16 axes");
      entry_.shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (in_ == In::kOffsets) {
      if (offsets_ == 2) return fault("has more than two data_offsets");
      (offsets_++ ? entry_.end : entry_.begin) = value;
      return true;
    }
    return unexpected("a number");
  }

  bool string(string_t& value) override {
    if (in_ == In::kMetadata) {
      header.metadata.emplace_back(key_, value);
      return true;
    }
    if (in_ != In::kTensor || key_ != "dtype") return unexpected("a string");
    for (const auto& [name, dtype] : kDtypes)
      if (value == name) {
        entry_.dtype = dtype;
        return true;
      }
    return fault("has the unknown dtype " + in_quotes(value));
  }

  bool start_object(std::size_t) override {
    switch (in_) {
      case In::kNowhere:
        in_ = In::kHeader;
        return true;
      case In::kHeader:
        in_ = key_ == "__metadata__" ? In::kMetadata : In::kTensor;
        entry_ = {};
        entry_.name = key_;
        fields_.clear();
        offsets_ = 0;
        return true;
      default:
        return unexpected("an object");
    }
  }

  bool end_object() override {
    if (in_ == In::kTensor) {
      if (fields_.size() != 3) return fault("lacks dtype, shape or data_offsets");
      if (offsets_ != 2) return fault("has fewer than two data_offsets");
      header.tensors.push_back(std::move(entry_));
    }
    ended = in_ == In::kHeader;
    in_ = in_ == In::kHeader ? In::kNowhere : In::kHeader;
    return true;
  }

  bool start_array(std::size_t) override {
    if (in_ != In::kTensor || key_ == "dtype") return unexpected("a list");
    in_ = key_ == "shape" ? In::kShape : In::kOffsets;
    return true;
  }
  bool end_array() override { return in_ = In::kTensor, true; }

  bool key(string_t& key) override {
    key_ = key;
    if (in_ == In::kTensor) {
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        return fault("has the unknown field " + in_quotes(key));
      return fields_.insert(key).second || fault("has two fields " + in_quotes(key));
    }
    auto& keys = in_ == In::kMetadata ? metadata_keys_ : names_;
    return keys.insert(key).second || stop("header has the key " + in_quotes(key) + " twice");
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string what = error.what();
    const size_t colon = what.rfind("; last read");
    return stop("header is not JSON at its byte " + std::to_string(position) +
                (colon == what.npos ? "" : what.substr(colon)));
  }

 private:
  enum class In { kNowhere, kHeader, kMetadata, kTensor, kShape, kOffsets };
  bool stop(std::string what) { return problem = std::move(what), false; }
  bool fault(const std::string& what) { return stop("tensor " + in_quotes(entry_.name) + " " + what); }
  bool unexpected(const std::string& what) {
    if (in_ == In::kNowhere) return stop("header is " + what + " instead of an object");
    return stop("header has " + what + " where it does not belong, under " + in_quotes(key_));
  }

  In in_ = In::kNowhere;
  std::string key_;
  Entry entry_;
  int offsets_ = 0;
  std::set<std::string> names_, metadata_keys_, fields_;
};

void check_size(const Entry& e) {
  // Extents of 0 count as 1 until the end: strides of an empty tensor must fit, too.
  int64_t bytes = DS_DTYPE_BITS(e.dtype) / 8;
  bool empty = false;
  for (int64_t extent : e.shape) {
    empty |= extent == 0;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(extent, 1), &bytes))
      throw Corrupt("tensor " + in_quotes(e.name) + " has a shape whose size overflows");
  }
  if (empty) bytes = 0;
  if (e.end - e.begin != static_cast<uint64_t>(bytes))
    throw Corrupt("tensor " + in_quotes(e.name) + " needs " + std::to_string(bytes) +
                  " bytes for its shape, its offsets give " + std::to_string(e.end - e.begin));
}

void check_cover(Header& header, uint64_t data_start, uint64_t data_size) {
  auto& tensors = header.tensors;
  std::stable_sort(tensors.begin(), tensors.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  uint64_t at = 0;
  for (const Entry& e : tensors) {
    if (e.begin > e.end) throw Corrupt("tensor " + in_quotes(e.name) + " ends before it begins");
    if (e.end > data_size) {
      const uint64_t end = e.end > UINT64_MAX - data_start ? UINT64_MAX : data_start + e.end;
      throw Corrupt("header says tensor " + in_quotes(e.name) + " ends at byte " + std::to_string(end) + ", file has " +
                    std::to_string(data_start + data_size) + " (truncated)");
    }
    if (e.begin != at)
      throw Corrupt("tensor " + in_quotes(e.name) + " begins at byte " + std::to_string(data_start + e.begin) +
                    (e.begin > at ? ", leaving a hole after byte " : ", overlapping what ends at byte ") +
                    std::to_string(data_start + at));
    check_size(e);
    at = e.end;
  }
  if (at != data_size)
    throw Corrupt("header ends the tensors at byte " + std::to_string(data_start + at) + ", file has " +
                  std::to_string(data_start + data_size));
}

// Unescaped quotes cannot occur inside a JSON string, so the first match is the key itself.
const std::string kPattern = "\"" + std::string(kChecksum) + "\":\"";

}  // namespace

const std::string* Header::find(std::string_view key) const {
  for (const auto& [name, value] : metadata)
    if (name == key) return &value;
  return nullptr;
}

const char* dtype_name(ds_dtype dtype) {
  for (const auto& known : kDtypes)
    if (known.dtype == dtype) return known.name;
  return nullptr;
}

Header read_header(std::string_view text, uint64_t data_start, uint64_t data_size) {
  if (text.empty() || text[0] != '{') throw Corrupt("header does not begin with '{'");
  Reader reader;
  const bool whole = json::sax_parse(text.begin(), text.end(), &reader);
  if (!whole || !reader.ended) throw Corrupt(reader.problem.empty() ? "header is not JSON" : reader.problem);
  check_cover(reader.header, data_start, data_size);
  return std::move(reader.header);
}

std::string write_header(const Header& header) {
  std::string text = "{";
  if (!header.metadata.empty()) {
    text += "\"__metadata__\":{";
    for (const auto& [key, value] : header.metadata)
      text += (text.back() == '{' ? "" : ",") + json(key).dump() + ":" + json(value).dump();
    text += "}";
  }
  for (const Entry& e : header.tensors)
    text += (text.size() == 1 ? "" : ",") + json(e.name).dump() + ":{\"dtype\":\"" + dtype_name(e.dtype) +
            "\",\"shape\":" + json(e.shape).dump() + ",\"data_offsets\":[" + std::to_string(e.begin) + "," +
            std::to_string(e.end) + "]}";
  text += "}";
  text.append((64 - (text.size() + 8) % 64) % 64, ' ');
  return text;
}

std::string hexadecimal(uint32_t crc) {
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", crc);
  return digits;
}

size_t find_checksum(std::string_view text) {
  const size_t at = text.find(kPattern);
  return at == text.npos || text.size() < at + kPattern.size() + 16 ? text.npos : at + kPattern.size();
}

uint32_t header_crc(std::string_view text) {
  const size_t at = find_checksum(text);
  if (at == text.npos) return crc32c(0, text.data(), text.size());
  uint32_t crc = crc32c(0, text.data(), at);
  crc = crc32c(crc, kNoChecksum.data(), kNoChecksum.size());
  return crc32c(crc, text.data() + at + 16, text.size() - at - 16);
}

}  // namespace ds::safetensors

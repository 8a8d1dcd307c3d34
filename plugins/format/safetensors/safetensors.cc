// The safetensors format (Hugging Face, github.com/huggingface/safetensors): named tensors, no code, nothing to
// execute.
#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include "crc32c.h"
#include "deepseek/draft/format.h"
#include "deepseek/service.hpp"
#include "file.h"
#include "header.h"

namespace ds::safetensors {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian and so are we");

bool is_dense(const ds_dl_tensor& t) {
  int64_t step = 1;
  for (int32_t d = t.ndim - 1; d >= 0; --d) {
    if (t.shape[d] != 1 && t.strides[d] != step) return false;
    step *= t.shape[d];
  }
  return true;
}

// Writes the elements in C order and answers the checksum continued.
class DataWriter {
 public:
  explicit DataWriter(ReplacingFile& file) : file_(file) {}
  uint32_t crc() const { return crc_; }

  void add(const ds_dl_tensor& t, uint64_t nbytes) {
    const char* base = static_cast<const char*>(t.data) + t.byte_offset;
    if (nbytes == 0) return;
    if (is_dense(t)) return put(base, nbytes);
    buffer_.clear();
    gather(t, 0, base, DS_DTYPE_BITS(DS_DTYPE(t.dtype.code, t.dtype.bits)) / 8);
    put(buffer_.data(), buffer_.size());
  }

 private:
  void gather(const ds_dl_tensor& t, int32_t axis, const char* at, int64_t item) {
    if (axis == t.ndim) {
      buffer_.insert(buffer_.end(), at, at + item);
      if (buffer_.size() >= (1u << 20)) put(buffer_.data(), buffer_.size()), buffer_.clear();
      return;
    }
    for (int64_t i = 0; i < t.shape[axis]; ++i) gather(t, axis + 1, at + i * t.strides[axis] * item, item);
  }
  void put(const char* data, uint64_t size) {
    constexpr uint64_t kPiece = 4u << 20;  // checksum and write while it is in the cache
    for (uint64_t at = 0; at < size; at += kPiece) {
      const uint64_t n = std::min(kPiece, size - at);
      crc_ = crc32c(crc_, data + at, n);
      file_.write(data + at, n);
    }
  }
  ReplacingFile& file_;
  std::vector<char> buffer_;
  uint32_t crc_ = 0;
};

struct Source {
  Entry entry;
  const ds_dl_tensor* tensor;
};

Source make_source(std::string_view name, const ds_tensor& tensor) {
  const ds_dl_tensor& t = tensor.dl;
  const std::string who = "tensor '" + std::string(name) + "'";
  const ds_dtype dtype = t.dtype.code | static_cast<uint32_t>(t.dtype.bits) << 8 | uint32_t{t.dtype.lanes} << 16;
  if (name == "__metadata__") throw Error(DS_INVALID_ARGUMENT, who + " has the name reserved for metadata");
  if (!dtype_name(dtype)) throw Error(DS_DTYPE_MISMATCH, who + " has a dtype that safetensors cannot hold");
  if (t.device.type != DS_DEVICE_CPU) throw Error(DS_DEVICE_MISMATCH, who + " is not on cpu");
  Source source{{std::string(name), dtype, {t.shape, t.shape + t.ndim}, 0, DS_DTYPE_BITS(dtype) / 8}, &t};
  for (int64_t extent : source.entry.shape)
    if (__builtin_mul_overflow(source.entry.end, static_cast<uint64_t>(extent), &source.entry.end))
      throw Error(DS_OVERFLOW, who + " is too big");
  return source;
}

void save(const ServiceArgs& args) {
  const std::string path(args.string(0, "path"));
  const ServiceArgs names = args.values(1, "names"), tensors = args.values(2, "tensors");
  const ServiceArgs metadata = args.values(3, "metadata");
  if (names.size() != tensors.size() || metadata.size() % 2)
    throw Error(DS_INVALID_ARGUMENT, "save needs as many names as tensors, and metadata in pairs");

  Header header;
  header.metadata = {{std::string(kChecksumMark), std::string(kChecksum)},
                     {std::string(kChecksum), std::string(kNoChecksum)}};
  std::set<std::string_view> keys{kChecksumMark, kChecksum};
  for (uint32_t i = 0; i < metadata.size(); i += 2) {
    const std::string_view key = metadata.string(i, "metadata key");
    if (key == kChecksumMark || key == kChecksum) continue;  // of the file it was loaded from
    if (!keys.insert(key).second)
      throw Error(DS_INVALID_ARGUMENT, "metadata has the key '" + std::string(key) + "' twice");
    header.metadata.emplace_back(key, metadata.string(i + 1, "metadata value"));
  }
  std::vector<Source> sources;
  std::set<std::string_view> seen;
  for (uint32_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names.string(i, "name")).second)
      throw Error(DS_INVALID_ARGUMENT, "two tensors are named '" + std::string(names.string(i, "name")) + "'");
    sources.push_back(make_source(names.string(i, "name"), tensors.tensor(i, "tensor")));
  }
  // Wide items first: everything is aligned although there are no holes.
  std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    return DS_DTYPE_BITS(a.entry.dtype) > DS_DTYPE_BITS(b.entry.dtype);
  });
  uint64_t at = 0;
  for (Source& s : sources) {
    s.entry.begin = at;
    if (__builtin_add_overflow(s.entry.end, at, &at)) throw Error(DS_OVERFLOW, path + ": too big");
    s.entry.end = at;
    header.tensors.push_back(s.entry);
  }

  std::string text;
  try {
    text = write_header(header);
  } catch (const std::exception&) {
    throw Error(DS_INVALID_ARGUMENT, path + ": a name or metadata is not UTF-8");
  }
  if (text.size() > kMaxHeader) throw Error(DS_UNSUPPORTED, path + ": the header would be larger than 100 MB");

  ReplacingFile file(path);
  const uint64_t length = text.size();
  file.write(&length, 8);
  file.write(text.data(), text.size());
  DataWriter data(file);
  for (const Source& s : sources) data.add(*s.tensor, s.entry.end - s.entry.begin);
  text.replace(find_checksum(text), 16, hexadecimal(data.crc()) + hexadecimal(header_crc(text)));
  file.write_at(8, text.data(), text.size());
  file.commit();
}

void check_sums(const Header& header, std::string_view json, std::string_view data) {
  const std::string* sums = header.find(kChecksum);
  if (!sums) {
    const std::string* mark = header.find(kChecksumMark);
    if (mark && *mark == kChecksum) throw Corrupt("metadata promises a checksum and has none");
    return;
  }
  if (sums->size() != 8 && sums->size() != 16) throw Corrupt("metadata's crc32c is not 8 or 16 digits");
  if (sums->size() == 16) {
    const std::string found = hexadecimal(header_crc(json));
    if (sums->substr(8) != found)
      throw Corrupt("checksum of the header is " + found + ", the file says " + sums->substr(8));
  }
  const std::string found = hexadecimal(crc32c(0, data.data(), data.size()));
  if (sums->substr(0, 8) != found)
    throw Corrupt("checksum of the data is " + found + ", the file says " + sums->substr(0, 8));
}

Header check_file(std::string_view bytes) {
  if (bytes.size() < 8)
    throw Corrupt("file has " + std::to_string(bytes.size()) + " bytes, less than a header's length");
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  if (length > kMaxHeader) throw Corrupt("header would be " + std::to_string(length) + " bytes, more than 100 MB");
  if (length > bytes.size() - 8)
    throw Corrupt("header ends at byte " + std::to_string(8 + length) + ", file has " + std::to_string(bytes.size()) +
                  " (truncated)");
  const std::string_view json = bytes.substr(8, length), data = bytes.substr(8 + length);
  Header header = read_header(json, 8 + length, data.size());
  check_sums(header, json, data);
  return header;
}

void load(const ServiceArgs& args, const ServiceRows& rows) {
  const std::string path(args.string(0, "path"));
  const MappedFile file(path);
  const std::string_view bytes = file.bytes();
  Header header;
  try {
    header = check_file(bytes);
  } catch (const Corrupt& what) {
    throw Error(DS_CORRUPT, path + ": " + what.what());
  }
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  for (const auto& [key, value] : header.metadata)
    if (key != kChecksum && key != kChecksumMark) rows({"metadata", key, value});
  for (Entry& e : header.tensors) {
    int64_t strides[DS_MAX_RANK + 1];
    const auto rank = static_cast<int32_t>(e.shape.size());
    int64_t step = 1;
    for (int32_t d = rank - 1; d >= 0; --d) strides[d] = step, step *= e.shape[static_cast<size_t>(d)];
    const char* at = bytes.data() + 8 + length + e.begin;
    const uint64_t nbytes = e.end - e.begin;
    // Other writers leave data unaligned: those tensors are read from a copy.
    std::unique_ptr<double[]> copy;
    if (reinterpret_cast<uintptr_t>(at) % std::min(8u, DS_DTYPE_BITS(e.dtype) / 8) != 0) {
      copy = std::make_unique<double[]>(nbytes / 8 + 1);
      std::memcpy(copy.get(), at, nbytes);
      at = reinterpret_cast<const char*>(copy.get());
    }
    ds_tensor tensor{};
    tensor.dl = {const_cast<char*>(at),
                 {DS_DEVICE_CPU, 0},
                 rank,
                 {static_cast<uint8_t>(DS_DTYPE_CODE(e.dtype)), static_cast<uint8_t>(DS_DTYPE_BITS(e.dtype)), 1},
                 e.shape.data(),
                 strides,
                 0};
    tensor.size = sizeof tensor;
    tensor.nbytes = nbytes;
    tensor.flags = DS_TENSOR_READ_ONLY | DS_TENSOR_DENSE;
    rows({"tensor", e.name, &tensor});
  }
}

}  // namespace

struct Safetensors {
  static constexpr std::string_view kind = DS_FORMAT_KIND, name = "safetensors", properties = "extensions=.safetensors";

  void call(std::string_view method, const ServiceArgs& args, const ServiceRows& rows) {
    if (method == DS_FORMAT_SAVE) return save(args);
    if (method == DS_FORMAT_LOAD) return load(args, rows);
    throw Error(DS_NOT_FOUND, "safetensors has no method '" + std::string(method) + "'");
  }
};
DS_SERVICE(Safetensors);

}  // namespace ds::safetensors

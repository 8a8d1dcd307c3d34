// Files of named tensors, .thing: a line "thing 1", a line "name dtype-number bytes extent extent .." per tensor, an
// empty line, the bytes. A file is complete before it takes the old one's place, and is checked before anything is
// answered.
#include <deepseek/draft/format.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <deepseek/service.hpp>
#include <fstream>
#include <sstream>
#include <vector>

namespace {

struct Entry {
  std::string name;
  ds_dtype dtype = 0;
  uint64_t nbytes = 0;
  std::vector<int64_t> shape, strides;
};

[[noreturn]] void fail(ds_status code, const std::string& path, const std::string& what) {
  throw ds::Error(code, path + ": " + what);
}

Entry describe(std::string_view name, const ds_dl_tensor& t) {
  Entry e{std::string(name), ds_dtype(t.dtype.code | t.dtype.bits << 8 | t.dtype.lanes << 16), 0, {}, {}};
  e.shape.assign(t.shape, t.shape + t.ndim);
  e.nbytes = t.dtype.bits / 8;
  for (int64_t extent : e.shape) e.nbytes *= uint64_t(extent);
  return e;
}

// The elements in C order, whatever the strides.
std::string bytes_of(const ds_dl_tensor& t, uint64_t nbytes) {
  std::string bytes;
  bytes.reserve(nbytes);
  size_t item = t.dtype.bits / 8;
  std::vector<int64_t> index(size_t(t.ndim));
  for (const char* base = static_cast<const char*>(t.data) + t.byte_offset; bytes.size() < nbytes;) {
    int64_t at = 0;
    for (int32_t i = 0; i < t.ndim; ++i) at += index[size_t(i)] * t.strides[i];
    bytes.append(base + at * int64_t(item), item);
    for (int32_t i = t.ndim - 1; i >= 0 && ++index[size_t(i)] == t.shape[i]; --i) index[size_t(i)] = 0;
  }
  return bytes;
}

void write_whole(const std::string& path, const std::string& content) {
  std::string fresh = path + ".new";
  int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool fine = fd >= 0;
  for (size_t done = 0; fine && done < content.size();) {
    ssize_t n = write(fd, content.data() + done, content.size() - done);
    fine = n > 0;
    done += fine ? size_t(n) : 0;
  }
  fine = fine && fsync(fd) == 0;
  std::string why = std::strerror(errno);
  if (fd >= 0) close(fd);
  if (fine && std::rename(fresh.c_str(), path.c_str()) == 0) {
    size_t slash = path.rfind('/');
    int folder = open(slash == path.npos ? "." : path.substr(0, slash + 1).c_str(), O_RDONLY | O_CLOEXEC);
    if (folder >= 0) fsync(folder), close(folder);  // so that the new name survives a power cut
    return;
  }
  unlink(fresh.c_str());
  fail(DS_IO_ERROR, path, "cannot be written: " + why);
}

void save(const ds::ServiceArgs& args) {
  std::string path(args.string(0, "path")), header = "thing 1\n", data;
  ds::ServiceArgs names = args.values(1, "names"), tensors = args.values(2, "tensors");
  if (names.size() != tensors.size()) fail(DS_INVALID_ARGUMENT, path, "there must be one name per tensor");
  for (uint32_t i = 0; i < names.size(); ++i) {
    const ds_dl_tensor& t = tensors.tensor(i, "tensor").dl;
    Entry e = describe(names.string(i, "name"), t);
    if (e.name.empty() || e.name.find_first_of(" \n") != e.name.npos)
      fail(DS_INVALID_ARGUMENT, path, "the name '" + e.name + "' is empty or has blanks");
    std::ostringstream line;
    line << e.name << ' ' << e.dtype << ' ' << e.nbytes;
    for (int64_t extent : e.shape) line << ' ' << extent;
    header += line.str() + "\n";
    data += bytes_of(t, e.nbytes);
  }
  write_whole(path, header + "\n" + data);
}

Entry parse(const std::string& line) {
  std::istringstream in(line);
  Entry e;
  uint64_t elements = 1;
  bool fine = bool(in >> e.name >> e.dtype >> e.nbytes);
  for (int64_t extent; in >> extent; e.shape.push_back(extent))
    fine = fine && extent >= 0 && !__builtin_mul_overflow(elements, uint64_t(extent), &elements);
  uint64_t item = DS_DTYPE_BITS(e.dtype) / 8, wanted = 0;
  fine = fine && in.eof() && item && e.shape.size() <= DS_MAX_RANK && !__builtin_mul_overflow(elements, item, &wanted);
  if (!fine || wanted != e.nbytes) throw std::runtime_error("the line '" + line + "' does not hold together");
  e.strides.resize(e.shape.size());
  int64_t step = 1;
  for (size_t i = e.shape.size(); i-- > 0; step *= e.shape[i]) e.strides[i] = step;
  return e;
}

void load(const ds::ServiceArgs& args, const ds::ServiceRows& rows) {
  std::string path(args.string(0, "path")), line;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(DS_NOT_FOUND, path, "cannot be opened");
  std::vector<Entry> entries;
  uint64_t total = 0;
  if (!std::getline(file, line) || line != "thing 1") fail(DS_CORRUPT, path, "does not begin with 'thing 1'");
  try {
    while (std::getline(file, line) && !line.empty()) {
      entries.push_back(parse(line));
      if (__builtin_add_overflow(total, entries.back().nbytes, &total)) throw std::runtime_error("sizes overflow");
    }
  } catch (const std::runtime_error& e) {
    fail(DS_CORRUPT, path, e.what());
  }
  std::ostringstream rest;
  if (file) rest << file.rdbuf();
  std::string data = rest.str();
  if (data.size() != total)
    fail(DS_CORRUPT, path,
         "should hold " + std::to_string(total) + " bytes of data, holds " + std::to_string(data.size()));

  const char* at = data.data();
  for (Entry& e : entries) {
    std::vector<double> aligned(e.nbytes / 8 + 1);
    std::memcpy(aligned.data(), at, e.nbytes);
    at += e.nbytes;
    ds_tensor t{};
    t.dl = {aligned.data(),
            {DS_DEVICE_CPU, 0},
            int32_t(e.shape.size()),
            {uint8_t(e.dtype & 0xff), uint8_t(e.dtype >> 8 & 0xff), uint16_t(e.dtype >> 16)},
            e.shape.data(),
            e.strides.data(),
            0};
    t.size = sizeof t;
    t.nbytes = e.nbytes;
    t.flags = DS_TENSOR_READ_ONLY | DS_TENSOR_DENSE;
    rows({"tensor", e.name, &t});
  }
}

}  // namespace

struct Thing {
  static constexpr std::string_view kind = DS_FORMAT_KIND, name = "thing", properties = "extensions=.thing";

  void call(std::string_view method, const ds::ServiceArgs& args, const ds::ServiceRows& rows) {
    if (method == DS_FORMAT_SAVE) return save(args);
    if (method == DS_FORMAT_LOAD) return load(args, rows);
    throw ds::Error(DS_NOT_FOUND, "thing has no method '" + std::string(method) + "'");
  }
};
DS_SERVICE(Thing);

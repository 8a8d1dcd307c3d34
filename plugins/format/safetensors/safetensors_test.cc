#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#define DS_NO_DOOR
#include "crc32c.cc"
#include "file.cc"
#include "header.cc"
#include "safetensors.cc"

namespace ds::safetensors {
namespace {

struct Loaded {
  std::map<std::string, std::pair<std::string, std::string>> tensors;  // name -> (spec, bytes)
  std::map<std::string, std::string> metadata;
};

struct Outcome {
  int32_t status = DS_OK;
  std::string text;
  Loaded loaded;
};

const ds_service& service() { return *static_cast<const ds_service*>(ds::detail::describe_service<Safetensors>()); }

Outcome call(std::string_view method, std::vector<ds_value> args) {
  Outcome outcome;
  ds_error_sink error{&outcome, [](void* context, ds_status, const char* text, uint64_t length) {
                        static_cast<Outcome*>(context)->text.assign(text, length);
                      }};
  auto row = [](void* user, const ds_value* v, uint32_t count) -> int32_t {
    auto& loaded = static_cast<Outcome*>(user)->loaded;
    EXPECT_EQ(count, 3u);
    const std::string what(v[0].u.s, v[0].count), name(v[1].u.s, v[1].count);
    if (what == "metadata") return loaded.metadata[name] = std::string(v[2].u.s, v[2].count), DS_OK;
    const auto& t = *static_cast<const ds_tensor*>(v[2].u.p);
    EXPECT_EQ(t.flags, DS_TENSOR_READ_ONLY | DS_TENSOR_DENSE);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(t.dl.data) % std::min(8, t.dl.dtype.bits / 8), 0u);
    std::string spec = dtype_name(DS_DTYPE(t.dl.dtype.code, t.dl.dtype.bits));
    for (int32_t d = 0; d < t.dl.ndim; ++d) spec += "," + std::to_string(t.dl.shape[d]);
    loaded.tensors[name] = {spec, std::string(static_cast<const char*>(t.dl.data), t.nbytes)};
    return DS_OK;
  };
  outcome.status = service().call(service().self, method.data(), method.size(), args.data(),
                                  static_cast<uint32_t>(args.size()), row, &outcome, &error);
  return outcome;
}

ds_value list(const std::vector<ds_value>& values) {
  ds_value v{DS_VALUES, static_cast<uint32_t>(values.size()), {}};
  v.u.vs = values.data();
  return v;
}

// A tensor with memory of its own, filled with a pattern.
struct Owned {
  std::vector<char> bytes;
  std::vector<int64_t> shape, strides;
  ds_tensor tensor{};
  Owned(ds_dtype dtype, std::vector<int64_t> dims, bool transposed = false) : shape(std::move(dims)) {
    strides.resize(shape.size());
    int64_t count = 1;
    for (size_t k = 0; k < shape.size(); ++k) {
      const size_t d = transposed ? k : shape.size() - 1 - k;
      strides[d] = count;
      count *= shape[d];
    }
    bytes.resize(static_cast<size_t>(count) * DS_DTYPE_BITS(dtype) / 8);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(dtype == DS_BOOL ? i % 2 : i * 37 + i / 256);
    tensor.dl = {bytes.data(),
                 {DS_DEVICE_CPU, 0},
                 static_cast<int32_t>(shape.size()),
                 {static_cast<uint8_t>(DS_DTYPE_CODE(dtype)), static_cast<uint8_t>(DS_DTYPE_BITS(dtype)), 1},
                 shape.data(),
                 strides.data(),
                 0};
    tensor.size = sizeof tensor;
  }
};

class SafetensorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/ds_safetensors_XXXXXX";
    folder_ = mkdtemp(pattern);
    path_ = folder_ + "/model.safetensors";
  }
  void TearDown() override {
    for (const auto& name : files()) unlink((folder_ + "/" + name).c_str());
    rmdir(folder_.c_str());
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    DIR* folder = opendir(folder_.c_str());
    while (const dirent* entry = readdir(folder))
      if (std::string(entry->d_name) != "." && std::string(entry->d_name) != "..") names.push_back(entry->d_name);
    closedir(folder);
    return names;
  }
  Outcome save(const std::vector<std::pair<std::string, const ds_tensor*>>& tensors,
               const std::vector<std::string>& metadata = {}) {
    std::vector<ds_value> names, pointers, pairs;
    for (const auto& [name, tensor] : tensors)
      names.push_back(ServiceValue(name)), pointers.push_back(ServiceValue(tensor));
    for (const auto& text : metadata) pairs.push_back(ServiceValue(text));
    return call("save", {ServiceValue(path_), list(names), list(pointers), list(pairs)});
  }
  Outcome load() { return call("load", {ServiceValue(path_)}); }
  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string read() {
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  // A file of that header and so many bytes of data.
  Outcome load_file(const std::string& json, size_t data) {
    const uint64_t length = json.size();
    write(std::string(reinterpret_cast<const char*>(&length), 8) + json + std::string(data, 'x'));
    return load();
  }
  void expect_corrupt(const Outcome& outcome, const std::string& what) {
    EXPECT_EQ(outcome.status, DS_CORRUPT) << outcome.text;
    EXPECT_NE(outcome.text.find(what), std::string::npos) << outcome.text << "\n  lacks: " << what;
    EXPECT_NE(outcome.text.find("model.safetensors"), std::string::npos) << outcome.text;
    EXPECT_TRUE(outcome.loaded.tensors.empty());
  }
  std::string folder_, path_;
};

TEST_F(SafetensorsTest, KeepsEveryDtypeShapeAndMetadata) {
  std::vector<Owned> owned;
  std::vector<std::pair<std::string, const ds_tensor*>> tensors;
  const ds_dtype dtypes[] = {DS_BOOL, DS_U8,  DS_I8,  DS_U16, DS_I16, DS_F16, DS_BF16,
                             DS_U32,  DS_I32, DS_F32, DS_U64, DS_I64, DS_F64, DS_C64};
  for (ds_dtype dtype : dtypes)
    for (const auto& shape : {std::vector<int64_t>{}, {3, 5}, {0, 4}, {1, 1, 2}}) owned.emplace_back(dtype, shape);
  for (size_t i = 0; i < owned.size(); ++i) tensors.emplace_back("t" + std::to_string(i), &owned[i].tensor);
  ASSERT_EQ(save(tensors, {"epoch", "12", "note \"q\"", "grün"}).status, DS_OK);
  const Outcome outcome = load();
  ASSERT_EQ(outcome.status, DS_OK) << outcome.text;
  ASSERT_EQ(outcome.loaded.tensors.size(), owned.size());
  for (size_t i = 0; i < owned.size(); ++i)
    EXPECT_EQ(outcome.loaded.tensors.at("t" + std::to_string(i)).second,
              std::string(owned[i].bytes.data(), owned[i].bytes.size()));
  EXPECT_EQ(outcome.loaded.tensors.at("t37").first, "F32,3,5");
  EXPECT_EQ(outcome.loaded.metadata, (std::map<std::string, std::string>{{"epoch", "12"}, {"note \"q\"", "grün"}}));
}

TEST_F(SafetensorsTest, WritesStridedTensorsInCOrder) {
  Owned transposed(DS_I32, {700, 900}, true);
  ASSERT_EQ(save({{"t", &transposed.tensor}}).status, DS_OK);
  const std::string bytes = load().loaded.tensors.at("t").second;
  const auto* got = reinterpret_cast<const int32_t*>(bytes.data());
  const auto* from = reinterpret_cast<const int32_t*>(transposed.bytes.data());
  for (int64_t i = 0; i < 700; ++i)
    for (int64_t j = 0; j < 900; ++j) ASSERT_EQ(got[i * 900 + j], from[i + j * 700]);
}

TEST_F(SafetensorsTest, RefusesWhatTheFormatCannotHold) {
  Owned t(DS_F32, {2});
  EXPECT_EQ(save({{"a", &t.tensor}, {"a", &t.tensor}}).status, DS_INVALID_ARGUMENT);
  EXPECT_EQ(save({{"__metadata__", &t.tensor}}).status, DS_INVALID_ARGUMENT);
  EXPECT_EQ(save({{"a", &t.tensor}}, {"k", "1", "k", "2"}).status, DS_INVALID_ARGUMENT);
  EXPECT_EQ(save({{"\xff\xfe", &t.tensor}}).status, DS_INVALID_ARGUMENT);
  Owned complex(DS_C128, {2});
  EXPECT_EQ(save({{"a", &complex.tensor}}).status, DS_DTYPE_MISMATCH);
  EXPECT_EQ(call("save", {ServiceValue(int64_t{3})}).status, DS_INVALID_ARGUMENT);
  EXPECT_EQ(call("destroy", {}).status, DS_NOT_FOUND);
  EXPECT_TRUE(files().empty());
}

TEST_F(SafetensorsTest, MissingAndSpecialFilesAreErrors) {
  EXPECT_EQ(load().status, DS_NOT_FOUND);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(load().status, DS_IO_ERROR);
  Owned t(DS_F32, {2});
  EXPECT_EQ(save({{"t", &t.tensor}}).status, DS_IO_ERROR);
  path_ = folder_ + "/absent/model.safetensors";
  EXPECT_EQ(save({{"t", &t.tensor}}).status, DS_IO_ERROR);
}

TEST_F(SafetensorsTest, SaysWhatDoesNotHold) {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(load_file("{" + a + "}", 8).status, DS_OK);
  EXPECT_EQ(load_file("{" + a + "}   ", 8).status, DS_OK);
  EXPECT_EQ(load_file("{}", 0).status, DS_OK);
  expect_corrupt(load_file("{" + a + "}", 4), "ends at byte 70, file has 66 (truncated)");
  expect_corrupt(load_file("{" + a + "}", 9), "header ends the tensors at byte 70, file has 71");
  expect_corrupt(load_file("{" + a + "," + a + "}", 8), "key 'a' twice");
  expect_corrupt(load_file(" {" + a + "}", 8), "does not begin with '{'");
  expect_corrupt(load_file("{" + a, 8), "not JSON");
  expect_corrupt(load_file("{" + a + "}{}", 8), "not JSON");
  expect_corrupt(load_file("[1]", 0), "does not begin with '{'");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), "leaving a hole");
  expect_corrupt(load_file("{" + a + R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}})", 10), "overlapping");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), "ends before it begins");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), "needs 12 bytes");
  expect_corrupt(load_file(R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", 8), "unknown dtype 'F99'");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
                 "overflows");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}})", 0),
                 "overflows");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,0]}})", 0),
                 "63 bits");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", 0), "negative");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,0]}})", 0), "a fraction");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})", 8), "more than two");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[2]}})", 8), "lacks dtype, shape or data_offsets");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8), "two fields");
  expect_corrupt(load_file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", 8), "unknown field");
  expect_corrupt(load_file(R"({"__metadata__":{"k":{}}})", 0), "where it does not belong");
  expect_corrupt(load_file(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "key 'k' twice");
  expect_corrupt(load_file(R"({"a":[[[[[[[[)", 0), "where it does not belong");
  expect_corrupt(load_file(std::string("{\"\xff\":1}"), 0), "not JSON");
  write("1234");
  expect_corrupt(load(), "file has 4 bytes");
  write("");
  expect_corrupt(load(), "file has 0 bytes");
  write(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10));
  expect_corrupt(load(), "more than 100 MB");
  write(std::string("\xff\0\0\0\0\0\0\0{}", 10));
  expect_corrupt(load(), "header ends at byte 263, file has 10 (truncated)");
}

TEST_F(SafetensorsTest, UnalignedDataIsReadFromACopy) {
  const Outcome outcome = load_file(
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F64","shape":[2],"data_offsets":[1,17]}})",
      17);
  ASSERT_EQ(outcome.status, DS_OK) << outcome.text;
  EXPECT_EQ(outcome.loaded.tensors.at("b").second, std::string(16, 'x'));
}

TEST(Crc32c, KnownAnswers) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xe3069283u);
  std::string zeros(32, '\0'), ones(32, '\xff');
  EXPECT_EQ(crc32c(0, zeros.data(), 32), 0x8a9136aau);
  EXPECT_EQ(crc32c(0, ones.data(), 32), 0x62a8ab43u);
  std::string text(1001, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i);
  const uint32_t whole = crc32c(0, text.data(), text.size());
  EXPECT_EQ(crc32c(crc32c(0, text.data(), 313), text.data() + 313, text.size() - 313), whole);
  EXPECT_EQ(~portable(~0u, reinterpret_cast<const uint8_t*>(text.data()), text.size()), whole);
}

TEST_F(SafetensorsTest, EveryFlippedByteAndEveryTruncationIsFound) {
  Owned a(DS_F32, {5, 7}), b(DS_I64, {3});
  ASSERT_EQ(save({{"layer.weight", &a.tensor}, {"step", &b.tensor}}, {"epoch", "3"}).status, DS_OK);
  const std::string good = read();
  for (size_t at = 0; at < good.size(); ++at) {
    for (char mask : {'\x01', '\x10', '\x20'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ mask);
      write(bad);
      EXPECT_EQ(load().status, DS_CORRUPT) << "byte " << at << " of " << good.size();
    }
    write(good.substr(0, at));
    EXPECT_EQ(load().status, DS_CORRUPT) << "truncated to " << at;
  }
}

// Thousands of seeded mutations of files with and without checksums: an error or a good file, never a crash.
TEST_F(SafetensorsTest, ParserSurvivesMutations) {
  Owned a(DS_F32, {5, 7}), b(DS_U8, {3});
  save({{"layer.weight", &a.tensor}, {"b", &b.tensor}}, {"epoch", "3"});
  const std::string signed_file = read();
  load_file(R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
            R"("b":{"dtype":"U8","shape":[4],"data_offsets":[24,28]}})",
            28);
  const std::string plain = read();
  const char* tokens[] = {"{",
                          "}",
                          "[",
                          "]",
                          ",",
                          ":",
                          "\"",
                          "-1",
                          "1e9",
                          "18446744073709551615",
                          "9223372036854775807",
                          "null",
                          "\\u0000",
                          "__metadata__",
                          "\"dtype\"",
                          "\"shape\"",
                          "[0,0]",
                          "\"a\":{"};
  std::mt19937 random(20260101);
  auto below = [&](size_t n) { return n ? random() % n : 0; };
  int accepted = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string bytes = round % 2 ? signed_file : plain;
    for (size_t edits = 1 + below(4); edits > 0; --edits) {
      const size_t at = below(bytes.size());
      switch (below(6)) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
          break;
        case 2:
          bytes.erase(at, 1 + below(16));
          break;
        case 3:
          bytes.insert(at, tokens[below(std::size(tokens))]);
          break;
        case 4:
          bytes.insert(at, bytes.substr(below(bytes.size()), below(40)));
          break;
        default:
          bytes.replace(below(8), 1, 1, static_cast<char>(random()));
          break;
      }
      if (bytes.empty()) bytes = "{";
    }
    // Half of them with a length that fits, so that the mutation reaches the JSON parser.
    if (below(2) && bytes.size() > 8) {
      const uint64_t length =
          std::min<uint64_t>(bytes.rfind('}') == bytes.npos ? 0 : bytes.rfind('}') - 7, bytes.size() - 8);
      std::memcpy(bytes.data(), &length, 8);
    }
    // The parser itself, without the file system.
    try {
      const Header header = check_file(bytes);
      ++accepted;
      for (const Entry& e : header.tensors) ASSERT_LE(e.end, bytes.size());
    } catch (const Corrupt&) {
    }
  }
  EXPECT_LT(accepted, 3000);
}

TEST_F(SafetensorsTest, AFailedSaveLeavesTheOldFileWhole) {
  Owned old(DS_F32, {10}), big(DS_F32, {1 << 16});
  ASSERT_EQ(save({{"t", &old.tensor}}).status, DS_OK);
  const std::string before = read();
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{40000, 40000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const Outcome outcome = save({{"t", &big.tensor}});
    _exit(outcome.status == DS_IO_ERROR && outcome.text.find("old file is untouched") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read(), before);
  EXPECT_EQ(files(), std::vector<std::string>{"model.safetensors"}) << "no temporary file is left";
}

TEST_F(SafetensorsTest, ADyingProcessLeavesTheOldOrTheNewFile) {
  Owned old(DS_F32, {1000}), next(DS_F64, {200000});
  ASSERT_EQ(save({{"t", &old.tensor}}).status, DS_OK);
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0)
      for (;;) save({{"t", &next.tensor}}), save({{"t", &old.tensor}});
    usleep(static_cast<useconds_t>(500 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(load().status, DS_OK);
  }
}

TEST_F(SafetensorsTest, FollowsLinksAndKeepsTheMode) {
  Owned t(DS_F32, {4});
  ASSERT_EQ(save({{"t", &t.tensor}}).status, DS_OK);
  chmod(path_.c_str(), 0640);
  const std::string link = folder_ + "/latest.safetensors", target = path_;
  ASSERT_EQ(symlink(target.c_str(), link.c_str()), 0);
  path_ = link;
  Owned u(DS_F32, {5});
  ASSERT_EQ(save({{"u", &u.tensor}}).status, DS_OK);
  struct stat about {};
  ASSERT_EQ(lstat(link.c_str(), &about), 0);
  EXPECT_TRUE(S_ISLNK(about.st_mode));
  ASSERT_EQ(stat(target.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640u);
  EXPECT_EQ(load().loaded.tensors.count("u"), 1u);
}

}  // namespace
}  // namespace ds::safetensors

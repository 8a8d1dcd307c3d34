#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>

#define DS_NO_DOOR
#include "kernels.cc"
#include "null.cc"
#include "stream.cc"

namespace ds::null {
namespace {

const ds_device& d() { return *static_cast<const ds_device*>(ds::detail::describe_device<Driver>()); }

int32_t fault(std::string_view method, int64_t index = 0) {
  const auto& s = *static_cast<const ds_service*>(ds::detail::describe_service<Fault>());
  const ds_value argument = ServiceValue(index);
  return s.call(s.self, method.data(), method.size(), &argument, 1, nullptr, nullptr, nullptr);
}

struct NullTest : ::testing::Test {
  void TearDown() override {
    fault("restore");
    fault("resume");
    d().synchronize(d().self, 0, nullptr, nullptr);
  }
  void* allocate(uint64_t nbytes, int index = 0) {
    void* memory = nullptr;
    EXPECT_EQ(d().allocate(d().self, index, nbytes, 0, &memory), DS_OK);
    return memory;
  }
  void* stream() {
    void* s = nullptr;
    EXPECT_EQ(d().stream_create(d().self, 0, &s), DS_OK);
    return s;
  }
  void* event() {
    void* e = nullptr;
    EXPECT_EQ(d().event_create(d().self, 0, &e), DS_OK);
    return e;
  }
  int32_t put(void* to, const std::vector<float>& from, void* stream = nullptr) {
    const ds_copy c{DS_COPY_TO_DEVICE, 0, to, 0, from.data(), 0, from.size() * 4};
    return d().copy(d().self, 0, stream, &c);
  }
  int32_t get(std::vector<float>& to, void* from, void* stream = nullptr) {
    const ds_copy c{DS_COPY_TO_HOST, 0, to.data(), 0, from, 0, to.size() * 4};
    return d().copy(d().self, 0, stream, &c);
  }
  int32_t synchronize(void* stream = nullptr, std::string* text = nullptr) {
    const ds_error_sink error{text, [](void* context, ds_status, const char* t, uint64_t n) {
                                if (context) static_cast<std::string*>(context)->assign(t, n);
                              }};
    return d().synchronize(d().self, 0, stream, &error);
  }
  bool done(void* event, int32_t expected = DS_OK) {
    int32_t answer = 0;
    EXPECT_EQ(d().event_query(d().self, 0, event, &answer), expected);
    return answer;
  }
};

TEST_F(NullTest, CopiesArriveOnlyLater) {
  void* memory = allocate(16);
  std::vector<float> in{1, 2, 3, 4}, out(4);
  ASSERT_EQ(fault("pause"), DS_OK);
  ASSERT_EQ(put(memory, in), DS_OK);
  ASSERT_EQ(get(out, memory), DS_OK);
  EXPECT_EQ(out[3], 0) << "nothing runs while paused";
  fault("resume");
  ASSERT_EQ(synchronize(), DS_OK);
  EXPECT_EQ(out, in);
  // Released while in use: the work still sees it.
  fault("pause");
  std::vector<float> again(4);
  get(again, memory);
  EXPECT_EQ(d().release(d().self, 0, memory, 16), DS_OK);
  fault("resume");
  synchronize();
  EXPECT_EQ(again, in);
}

TEST_F(NullTest, HandlesAreOpaqueAndChecked) {
  void* memory = allocate(16);
  EXPECT_EQ(reinterpret_cast<uint64_t>(memory) >> 48, 0x6e75u) << "not an address";
  std::vector<float> five(5);
  EXPECT_EQ(put(memory, five), DS_OUT_OF_RANGE);
  ds_copy c{DS_COPY_TO_HOST, 0, five.data(), 0, memory, ~uint64_t{0}, 4};
  EXPECT_EQ(d().copy(d().self, 0, nullptr, &c), DS_OUT_OF_RANGE);
  EXPECT_EQ(put(five.data(), five), DS_STALE_HANDLE);
  EXPECT_EQ(d().release(d().self, 0, memory, 16), DS_OK);
  EXPECT_EQ(d().release(d().self, 0, memory, 16), DS_STALE_HANDLE);
  EXPECT_EQ(put(memory, five), DS_STALE_HANDLE);
  EXPECT_EQ(d().event_destroy(d().self, 0, &c), DS_STALE_HANDLE);
  EXPECT_EQ(d().stream_destroy(d().self, 0, nullptr), DS_STALE_HANDLE);
  EXPECT_EQ(d().allocate(d().self, 2, 16, 0, &memory), DS_DEVICE_MISMATCH);
  EXPECT_EQ(d().allocate(d().self, 0, kMemory + 1, 0, &memory), DS_OUT_OF_MEMORY);
}

TEST_F(NullTest, EventsOrderStreams) {
  void *a = stream(), *b = stream(), *e = event(), *memory = allocate(4);
  EXPECT_TRUE(done(e)) << "never recorded";
  std::vector<float> in{7}, out(1);
  fault("pause");
  put(memory, in, a);
  d().event_record(d().self, 0, a, e);
  d().event_wait(d().self, 0, b, e);
  get(out, memory, b);
  EXPECT_FALSE(done(e));
  double before = device_seconds(), seconds = 0;
  EXPECT_EQ(d().event_time(d().self, 0, e, &seconds), DS_INVALID_ARGUMENT);
  std::atomic<int> called{0};
  const auto callback = [](void* user, ds_status status) { *static_cast<std::atomic<int>*>(user) += status == DS_OK; };
  d().event_callback(d().self, 0, e, callback, &called);
  EXPECT_EQ(called, 0);
  fault("resume");
  EXPECT_EQ(synchronize(b), DS_OK);
  EXPECT_EQ(out[0], 7);
  EXPECT_TRUE(done(e));
  EXPECT_EQ(d().event_time(d().self, 0, e, &seconds), DS_OK);
  EXPECT_GE(seconds, before);
  EXPECT_EQ(synchronize(a), DS_OK);
  d().event_callback(d().self, 0, e, callback, &called);
  EXPECT_EQ(called, 2);
  for (void* s : {a, b}) EXPECT_EQ(d().stream_destroy(d().self, 0, s), DS_OK);
  EXPECT_EQ(d().event_destroy(d().self, 0, e), DS_OK);
}

TEST_F(NullTest, ErrorsRideOnEvents) {
  void *a = stream(), *b = stream(), *e = event(), *memory = allocate(4);
  std::vector<float> in{7}, out{1};
  fault("pause");
  put(memory, in, a);
  d().event_record(d().self, 0, a, e);
  d().event_wait(d().self, 0, b, e);
  get(out, memory, b);
  fault("lose");
  fault("resume");
  std::string text;
  EXPECT_EQ(synchronize(a, &text), DS_DEVICE_MISMATCH);
  EXPECT_EQ(text, "null:0 was lost");
  EXPECT_EQ(put(memory, in), DS_DEVICE_MISMATCH);
  EXPECT_EQ(d().allocate(d().self, 0, 4, 0, &memory), DS_DEVICE_MISMATCH);
  void* other = allocate(4, 1);
  EXPECT_EQ(d().release(d().self, 1, other, 4), DS_OK) << "the other device lives";
  while (!machines()[0].events.find(e)->mark->wait()) {
  }
  EXPECT_TRUE(done(e, DS_DEVICE_MISMATCH));
  fault("restore");
  EXPECT_EQ(synchronize(b), DS_DEVICE_MISMATCH) << "the wait passed the failure on";
  EXPECT_EQ(synchronize(b), DS_OK) << "told once";
  EXPECT_EQ(out[0], 1) << "the copy was skipped";
  EXPECT_EQ(synchronize(a), DS_DEVICE_MISMATCH);
  EXPECT_EQ(put(memory, in, a), DS_OK);
  EXPECT_EQ(synchronize(a), DS_OK);
  for (void* s : {a, b}) d().stream_destroy(d().self, 0, s);
}

TEST_F(NullTest, AForkedChildHasNoDevice) {
  synchronize();
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    _exit(synchronize() == DS_DEVICE_MISMATCH ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// max(x * w + 1, 0) with w broadcast, as the fuse pass would hand it over.
TEST_F(NullTest, ElementwiseProgramsAreEnqueued) {
  expr::Program program;
  const Expr a0(&program, program.input(DS_EXPR_T)), a1(&program, program.input(DS_EXPR_T));
  program.outputs = {max(a0 * a1 + 1, 0).in(program)};
  const auto bytes = program.encode();
  ds_spec x{DS_F32, 2, 0, 0, {kType, 0}, {2, 2}}, w{DS_F32, 1, 0, 0, {kType, 0}, {2}};
  const ds_spec *inputs[] = {&x, &w}, *outputs[] = {&x};
  ds_node node{};
  node.size = sizeof node, node.input_count = 2, node.output_count = 1;
  node.inputs = inputs, node.outputs = outputs, node.expr = bytes.data(), node.expr_size = bytes.size;
  ds_kernel_offer offer{};
  ASSERT_TRUE(Elementwise::supports(node, offer));
  std::vector<float> a{1, -2, 3, 4}, b{2, 3}, y(4);
  void *da = allocate(16), *db = allocate(8), *dy = allocate(16);
  put(da, a), put(db, b);
  int64_t shape[] = {2, 2}, strides[] = {2, 1}, one[] = {1};
  const auto tensor = [&](void* data, int rank, uint64_t nbytes) {
    ds_tensor t{};
    t.dl = {data, {kType, 0}, rank, {DS_CODE_FLOAT, 32, 1}, rank == 2 ? shape : shape + 1, rank == 2 ? strides : one,
            0};
    t.size = sizeof t, t.nbytes = nbytes;
    return t;
  };
  ds_tensor ta = tensor(da, 2, 16), tb = tensor(db, 1, 8), ty = tensor(dy, 2, 16);
  const ds_tensor* in[] = {&ta, &tb};
  ds_tensor* out[] = {&ty};
  ds_run_args args{};
  args.inputs = in, args.outputs = out, args.input_count = 2, args.output_count = 1;
  fault("pause");
  { ASSERT_EQ(Elementwise(node).run(args), DS_OK) << "the state may go before the work is done"; }
  get(y, dy);
  fault("resume");
  ASSERT_EQ(synchronize(), DS_OK);
  EXPECT_EQ(y, (std::vector<float>{3, 0, 7, 13}));
  ty.nbytes = 1000;
  EXPECT_EQ(Elementwise(node).run(args), DS_DEVICE_MISMATCH) << "beyond the block";
}

}  // namespace
}  // namespace ds::null

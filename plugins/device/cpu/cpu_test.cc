#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#define DS_NO_DOOR
#include "blocks.cc"
#include "cpu.cc"
#include "pool.cc"

namespace ds::cpu {
namespace {

const ds_device& device() { return *static_cast<const ds_device*>(ds::detail::describe_device<Cpu>()); }

struct Sum {
  std::atomic<int64_t> total{0}, ranges{0};
  static int32_t add(void* user, int64_t begin, int64_t end) {
    auto& sum = *static_cast<Sum*>(user);
    for (int64_t i = begin; i < end; ++i) sum.total += i;
    ++sum.ranges;
    return DS_OK;
  }
};

TEST(Cpu, DescribesItself) {
  ds_device_info info{};
  info.size = sizeof info;
  ASSERT_EQ(device().info(device().self, 0, &info), DS_OK);
  EXPECT_GT(std::strlen(info.description), 4u);
  EXPECT_GE(info.threads, 1);
  EXPECT_GT(info.memory_bytes, 0u);
  EXPECT_EQ(info.capabilities, DS_DEVICE_HOST_MEMORY);
  EXPECT_EQ(device().info(device().self, 1, &info), DS_DEVICE_MISMATCH);
  EXPECT_EQ(device().info(device().self, -1, &info), DS_DEVICE_MISMATCH);
}

TEST(Cpu, AllocatesAlignedMemoryOfEverySize) {
  for (uint64_t nbytes :
       {uint64_t{0}, uint64_t{1}, uint64_t{63}, uint64_t{4097}, uint64_t{1} << 20, uint64_t{5000001}}) {
    void* memory = nullptr;
    ASSERT_EQ(device().allocate(device().self, 0, nbytes, 0, &memory), DS_OK) << nbytes;
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    std::memset(memory, 1, nbytes);
    EXPECT_EQ(device().release(device().self, 0, memory, nbytes), DS_OK);
  }
}

TEST(Cpu, RefusesTheImpossible) {
  void* memory = nullptr;
  EXPECT_EQ(device().allocate(device().self, 0, ~uint64_t{0}, 0, &memory), DS_OUT_OF_MEMORY);
  EXPECT_EQ(device().allocate(device().self, 0, uint64_t{1} << 61, 0, &memory), DS_OUT_OF_MEMORY);
  EXPECT_EQ(device().allocate(device().self, 0, 64, 1, &memory), DS_UNSUPPORTED);
  EXPECT_EQ(memory, nullptr);
}

TEST(Cpu, KeepsLargeBlocksUpToALimit) {
  if (!kKeep) GTEST_SKIP() << "nothing is kept under the address sanitizer";
  Blocks blocks(8 << 20);
  void* first = blocks.allocate(3 << 20);
  blocks.release(first, 3 << 20);
  EXPECT_EQ(blocks.kept(), 3u << 20);
  EXPECT_EQ(blocks.allocate(3 << 20), first) << "the kept pages come back";
  void* second = blocks.allocate(7 << 20);
  blocks.release(first, 3 << 20);
  blocks.release(second, 7 << 20);
  EXPECT_LE(blocks.kept(), 8u << 20);
  void* beyond = blocks.allocate(64 << 20);
  blocks.release(beyond, 64 << 20);
  EXPECT_LE(blocks.kept(), 8u << 20);
  blocks.trim();
  EXPECT_EQ(blocks.kept(), 0u);
}

TEST(Cpu, CopiesSmallLargeAndOverlapping) {
  for (size_t n : {size_t{0}, size_t{100}, size_t{20} << 20}) {
    std::vector<char> from(n + 3), to(n + 3);
    for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>(i * 31 + (i >> 8));
    ds_copy copy{DS_COPY_WITHIN, 0, to.data(), 1, from.data(), 2, n};
    ASSERT_EQ(device().copy(device().self, 0, nullptr, &copy), DS_OK);
    EXPECT_EQ(std::memcmp(to.data() + 1, from.data() + 2, n), 0);
    std::vector<char> expected(from.begin() + 2, from.begin() + 2 + static_cast<long>(n));
    ds_copy overlap{DS_COPY_WITHIN, 0, from.data(), 3, from.data(), 2, n};
    ASSERT_EQ(device().copy(device().self, 0, nullptr, &overlap), DS_OK);
    EXPECT_EQ(std::memcmp(from.data() + 3, expected.data(), n), 0);
  }
}

TEST(Pool, CoversEveryIndexOnce) {
  for (int64_t count : {0, 1, 7, 1000, 100000})
    for (int64_t grain : {0, 1, 3, 1000, 1000000}) {
      Sum sum;
      ASSERT_EQ(parallel_for(count, grain, &Sum::add, &sum), DS_OK);
      EXPECT_EQ(sum.total, count * (count - 1) / 2);
      EXPECT_LE(sum.ranges, thread_count());
    }
}

TEST(Pool, NestedCallsAreSerial) {
  std::atomic<int64_t> ranges{0};
  parallel_for(
      16, 1,
      [](void* user, int64_t, int64_t) -> int32_t {
        Sum inner;
        parallel_for(1000, 1, &Sum::add, &inner);
        *static_cast<std::atomic<int64_t>*>(user) += inner.ranges != 1;
        return DS_OK;
      },
      &ranges);
  EXPECT_EQ(ranges, thread_count() == 1 ? ranges.load() : 0);
}

TEST(Pool, AnswersTheFirstFailure) {
  EXPECT_EQ(parallel_for(
                100, 1, [](void*, int64_t begin, int64_t) -> int32_t { return begin == 0 ? DS_OUT_OF_RANGE : DS_OK; },
                nullptr),
            DS_OUT_OF_RANGE);
}

TEST(Pool, ManyThreadsMayCall) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        Sum sum;
        parallel_for(1000, 10, &Sum::add, &sum);
        wrong += sum.total != 499500;
      }
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

// libgomp's pool has no threads in a forked child: without the fork watch this hangs.
TEST(Pool, WorksAfterFork) {
  device();
  Sum warm;
  parallel_for(1000, 1, &Sum::add, &warm);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    Sum sum;
    parallel_for(1000, 1, &Sum::add, &sum);
    int bare = 0;
#pragma omp parallel reduction(+ : bare)
    bare += 1;
    void* memory = blocks().allocate(2 << 20);
    _exit(sum.total == 499500 && thread_count() == 1 && bare == 1 && memory ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  Sum after;
  parallel_for(1000, 1, &Sum::add, &after);
  EXPECT_EQ(after.total, 499500) << "the parent's pool still works";
}

TEST(Pool, HonoursTheEnvironment) {
  const pid_t child = fork();
  if (child == 0) {
    setenv("DS_NUM_THREADS", "3", 1);
    execl("/proc/self/exe", "test", "--gtest_filter=Pool.CountsThreads", "--gtest_brief=1", nullptr);
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Pool, CountsThreads) {
  const char* wanted = std::getenv("DS_NUM_THREADS");
  EXPECT_EQ(thread_count(), wanted ? std::atoi(wanted) : omp_get_max_threads());
}

}  // namespace
}  // namespace ds::cpu

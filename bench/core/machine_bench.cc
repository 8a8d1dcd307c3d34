// What the machine itself can do: best triad and copy bandwidth, oneDNN's own matmul with prepacked weights.
// A worker of bench/figures.py: reads "NAME SECONDS", answers a JSON list of seconds per call.
#include <immintrin.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

namespace {

constexpr size_t kFloats = size_t(16) << 20;  // 64 MB

float* pages(size_t count) {
  auto* p = static_cast<float*>(std::aligned_alloc(64, count * sizeof(float)));
#pragma omp parallel for
  for (size_t i = 0; i < count; ++i) p[i] = float(i % 7);
  return p;
}

// Streaming stores of the widest vectors there are; `y` null: a copy.
__attribute__((target("avx512f"))) void sweep512(float* to, const float* x, const float* y, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i += 16) {
    __m512 v = _mm512_load_ps(x + i);
    _mm512_stream_ps(to + i, y ? _mm512_fmadd_ps(_mm512_set1_ps(3), _mm512_load_ps(y + i), v) : v);
  }
}
void sweep256(float* to, const float* x, const float* y, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i += 8) {
    __m256 v = _mm256_load_ps(x + i);
    _mm256_stream_ps(to + i, y ? _mm256_fmadd_ps(_mm256_set1_ps(3), _mm256_load_ps(y + i), v) : v);
  }
}
void sweep(float* to, const float* x, const float* y) {
  static const bool wide = __builtin_cpu_supports("avx512f");
  constexpr size_t kPiece = 4096;
#pragma omp parallel for
  for (size_t i = 0; i < kFloats; i += kPiece) (wide ? sweep512 : sweep256)(to, x, y, i, i + kPiece);
  _mm_sfence();
}

std::function<void()> triad() {
  float *a = pages(kFloats), *b = pages(kFloats), *c = pages(kFloats);
  return [=] { sweep(a, b, c); };
}
std::function<void()> read_write() {
  float *a = pages(kFloats), *b = pages(kFloats);
  return [=] { sweep(a, b, nullptr); };
}

std::function<void()> matmul(int64_t n) {
  using namespace dnnl;
  using tag = memory::format_tag;
  auto cpu = std::make_shared<engine>(engine::kind::cpu, 0);
  auto run = std::make_shared<stream>(*cpu);
  memory::desc plain({n, n}, memory::data_type::f32, tag::ab), any({n, n}, memory::data_type::f32, tag::any);
  primitive_attr attributes;
  attributes.set_scratchpad_mode(scratchpad_mode::user);
  matmul::primitive_desc description(*cpu, plain, any, plain, attributes);
  auto source = std::make_shared<memory>(plain, *cpu, pages(size_t(n * n)));
  auto target = std::make_shared<memory>(plain, *cpu, pages(size_t(n * n)));
  auto packed = std::make_shared<memory>(description.weights_desc(), *cpu);
  auto scratch = std::make_shared<memory>(description.scratchpad_desc(), *cpu);
  memory weights(plain, *cpu, pages(size_t(n * n)));
  reorder(weights, *packed).execute(*run, weights, *packed);
  run->wait();
  auto primitive = std::make_shared<dnnl::matmul>(description);
  return [=] {
    primitive->execute(*run, {{DNNL_ARG_SRC, *source},
                              {DNNL_ARG_WEIGHTS, *packed},
                              {DNNL_ARG_DST, *target},
                              {DNNL_ARG_SCRATCHPAD, *scratch}});
    run->wait();
  };
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main() {
  std::map<std::string, std::function<std::function<void()>()>> workloads = {
      {"triad", triad},
      {"read_write", read_write},
      {"matmul256", [] { return matmul(256); }},
      {"matmul1024", [] { return matmul(1024); }},
      {"matmul2048", [] { return matmul(2048); }},
  };
  std::map<std::string, std::function<void()>> ready;
  char name[64];
  double seconds;
  while (std::scanf("%63s %lf", name, &seconds) == 2) {
    auto workload = workloads.find(name);
    if (workload == workloads.end()) {
      std::printf("{\"error\": \"no workload %s\"}\n", name);
      std::fflush(stdout);
      continue;
    }
    auto& call = ready[name];
    if (!call) {
      call = workload->second();
      for (int i = 0; i < 3; ++i) call();
    }
    double end = now() + seconds;
    std::string answer = "[";
    for (int i = 0; i < 3 || now() < end; ++i) {
      double start = now();
      call();
      char text[32];
      std::snprintf(text, sizeof text, "%s%.9f", i ? "," : "", now() - start);
      answer += text;
    }
    std::puts((answer + "]").c_str());
    std::fflush(stdout);
  }
}

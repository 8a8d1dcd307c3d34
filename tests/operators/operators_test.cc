// Every operator there is, on its own samples: kernels and decompositions agree with the reference, gradients of first
// and second order with differences.
#include "deepseek/draft/operator.h"
#include "tests/operators/samples.h"

namespace ds::test {
namespace {

class Operators : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> all_operators() {
  setenv("DS_EAGER", "0", 0);
  return Session().operators();
}

bool is_random(const Session& s, const std::string& op) { return s.info(op, "class") == "random"; }

TEST_P(Operators, AgreeWithoutKernelsAndComposites) {
  const Session kernels, references({{"kernels", false}}), parts({{"composites", false}});
  for (const Sample& sample : samples_of(kernels, GetParam())) {
    SCOPED_TRACE(GetParam() + "(" + sample.text + ")");
    const auto expected = references.run(GetParam(), sample.inputs, sample.options);
    for (const Session* s : {&kernels, &parts}) {
      const auto got = s->run(GetParam(), sample.inputs, sample.options);
      ASSERT_EQ(got.size(), expected.size());
      for (size_t k = 0; k < got.size(); ++k) {
        EXPECT_EQ(got[k].dtype, expected[k].dtype);
        const double tolerance = got[k].dtype == DS_F64 ? 1e-12 : got[k].dtype == DS_F32 ? 1e-5 : 1e-2;
        expect_close(got[k], expected[k], tolerance, s == &kernels ? "kernels" : "decomposed");
      }
    }
  }
}

TEST_P(Operators, GradientsAreDerivatives) {
  const Session s;
  if (std::stoull(s.info(GetParam(), "traits")) & DS_TRAIT_NOT_DIFFERENTIABLE)
    GTEST_SKIP() << GetParam() << " is not differentiable by definition";
  if (is_random(s, GetParam()) && GetParam() != "dropout") GTEST_SKIP() << GetParam() << " has no float input";
  for (const Sample& sample : samples_of(s, GetParam())) {
    SCOPED_TRACE(GetParam() + "(" + sample.text + ")");
    int64_t size = 0;
    for (const Array& a : sample.inputs) size = std::max(size, a.size());
    check_gradients(s, GetParam(), sample.inputs, sample.options, size <= 40);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Operators, ::testing::ValuesIn(all_operators()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

}  // namespace
}  // namespace ds::test

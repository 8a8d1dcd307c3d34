// A part of a network on a device that is asynchronous and whose memory the host cannot touch; and losing that device.
#include "deepseek/draft/service.h"
#include "tests/operators/session.h"

namespace ds::test {
namespace {

class NullDevice : public ::testing::Test {
 protected:
  ~NullDevice() override { fault("restore"); }

  int32_t try_to(ds_handle h, std::string_view device, ds_handle* copy) const {
    return ds_tensor_to(s.context, h, device.data(), device.size(), 0, copy);
  }
  ds_handle to(ds_handle h, std::string_view device) const {
    ds_handle copy = 0;
    s.ok(try_to(h, device, &copy));
    return copy;
  }
  int32_t fault(std::string_view method) const {
    const ds_value index{DS_INT, 0, {.i = 0}};
    const std::string_view kind = "fault", name = "null";
    return ds_invoke(s.context, kind.data(), kind.size(), name.data(), name.size(), method.data(), method.size(),
                     &index, 1, nullptr, nullptr);
  }
  ds_handle network(const std::vector<ds_handle>& h) const {
    return s.call("relu", s.call("add", {s.call("matmul", {h[0], h[1]})[0], h[2]}))[0];
  }
  std::vector<ds_handle> inputs(std::string_view device) const {
    Array x = random_array({4, 3}, 1), w = random_array({3, 5}, 2), b = random_array({5}, 3);
    std::vector<ds_handle> all;
    for (Array* a : {&x, &w, &b}) a->dtype = DS_F32, all.push_back(to(s.tensor(*a), device));
    return all;
  }
  Session s;
};

TEST_F(NullDevice, RunsPartOfANetwork) {
  const Array expected = s.read(network(inputs("cpu")));
  const ds_handle y = network(inputs("null:0"));
  ds_spec spec{};
  s.ok(ds_tensor_spec(s.context, y, &spec));
  EXPECT_EQ(spec.device.type, 1024);
  expect_close(s.read(to(y, "cpu")), expected, 1e-6, "on null");
  expect_close(s.read(to(to(y, "null:1"), "cpu")), expected, 1e-6, "from device to device");
}

TEST_F(NullDevice, MixingDevicesIsAnError) {
  std::vector<ds_handle> outputs;
  EXPECT_EQ(s.try_call("add", {inputs("cpu")[0], inputs("null:0")[0]}, {}, &outputs), DS_DEVICE_MISMATCH);
  EXPECT_NE(s.error().find("different devices"), std::string::npos) << s.error();
}

TEST_F(NullDevice, LosingItIsAnErrorThatSaysSo) {
  const auto there = inputs("null:0");
  s.ok(ds_evaluate(s.context, there.data(), there.size(), 0));
  ASSERT_EQ(fault("lose"), DS_OK) << s.error();
  ds_handle back = 0;
  int32_t status = try_to(network(there), "cpu", &back);
  std::vector<float> values(20);
  if (status == DS_OK) status = ds_tensor_read(s.context, back, values.data(), values.size() * 4, 0);
  EXPECT_NE(status, DS_OK);
  EXPECT_NE(s.error().find("null:0"), std::string::npos) << s.error();
  ASSERT_EQ(fault("restore"), DS_OK);
  EXPECT_EQ(s.read(to(network(inputs("null:0")), "cpu")).shape, (Dims{4, 5})) << "the context goes on";
}

}  // namespace
}  // namespace ds::test

#include "sdk/conformance/sample.h"

#include <random>

#include "deepseek/interpret.hpp"

namespace ds::conformance {
namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Parts between commas outside of brackets and quotes.
std::vector<std::string_view> parts(std::string_view list) {
  std::vector<std::string_view> result;
  size_t start = 0;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i <= list.size(); ++i) {
    char c = i < list.size() ? list[i] : ',';
    if (c == '"') quoted = !quoted;
    depth += c == '[' || c == '(';
    depth -= c == ']' || c == ')';
    if (i < list.size() && (c != ',' || depth || quoted)) continue;
    if (auto part = trim(list.substr(start, i - start)); !part.empty()) result.push_back(part);
    start = i + 1;
  }
  return result;
}

double number(std::string_view text) {
  double value = 0;
  text = trim(text);
  if (text == "inf" || text == "-inf") return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size())
    raise(DS_INVALID_ARGUMENT, "'", text, "' is not a number");
  return value;
}

std::string_view inside(std::string_view text, char open, char close) {
  if (text.size() < 2 || text.front() != open || text.back() != close)
    raise(DS_INVALID_ARGUMENT, "'", text, "' is not in ", open, close);
  return text.substr(1, text.size() - 2);
}

SampleInput read_input(std::string_view text) {
  SampleInput in;
  if (text == "-") return in.absent = true, in;
  size_t open = text.find('['), close = text.find(']');
  if (open == text.npos || close == text.npos || !parse_dtype(text.substr(0, open), &in.dtype))
    raise(DS_INVALID_ARGUMENT, "'", text, "' is not like f32[2,3]");
  for (auto dim : parts(text.substr(open + 1, close - open - 1))) in.shape.push_back(int64_t(number(dim)));
  std::string_view domain = text.substr(close + 1);
  if (domain.starts_with('<')) {
    in.high = number(domain.substr(1));
  } else if (domain == ">0") {
    in.low = 0.1, in.high = 3;
  } else if (!domain.empty()) {
    auto ends = parts(inside(domain, '(', ')'));
    if (ends.size() != 2) raise(DS_INVALID_ARGUMENT, "'", domain, "' is not an interval");
    in.low = number(ends[0]), in.high = number(ends[1]);
  }
  return in;
}

}  // namespace

std::string_view layout_name(Layout layout) {
  constexpr std::string_view names[] = {"dense", "steps", "backwards", "repeated", "overlapping", "mixed"};
  return names[int(layout)];
}

std::string Sample::describe() const {
  std::string text;
  for (auto& in : inputs) {
    if (!text.empty()) text += ", ";
    if (in.absent)
      text += "-";
    else
      text += cat(dtype_name(in.dtype), in.shape);
  }
  if (auto at = this->text.find(';'); at != std::string::npos) text += this->text.substr(at);
  if (layout != Layout::kDense) text += cat(" (", layout_name(layout), ")");
  if (std::any_of(inputs.begin(), inputs.end(), [](auto& in) { return in.corners; })) text += " (NaN, infinities)";
  return text;
}

ds_value SampleReader::attribute(std::string_view kind, std::string_view text) {
  if (text == "none") return {};
  if (kind == "int") return {DS_INT, 0, {.i = int64_t(number(text))}};
  if (kind == "float") return {DS_FLOAT, 0, {.f = number(text)}};
  if (kind == "flag") return {DS_FLAG, 0, {.i = text == "true" || text == "1"}};
  if (kind == "dtype") {
    ds_dtype dtype;
    if (!parse_dtype(text, &dtype)) raise(DS_INVALID_ARGUMENT, "'", text, "' is not a dtype");
    return {DS_TYPE, 0, {.i = dtype}};
  }
  if (kind == "string") {
    auto& s = strings_.emplace_back(text.starts_with('"') ? inside(text, '"', '"') : text);
    return {DS_STRING, uint32_t(s.size()), {.s = s.data()}};
  }
  if (kind == "ints") {
    auto& list = ints_.emplace_back();
    for (auto part : parts(inside(text, '[', ']'))) list.push_back(int64_t(number(part)));
    return {DS_INTS, uint32_t(list.size()), {.is = list.data()}};
  }
  if (kind == "floats") {
    auto& list = floats_.emplace_back();
    for (auto part : parts(inside(text, '[', ']'))) list.push_back(number(part));
    return {DS_FLOATS, uint32_t(list.size()), {.fs = list.data()}};
  }
  if (kind == "bytes") {  // hexadecimal, in the alignment an expr needs
    auto& words = ints_.emplace_back(text.size() / 16 + 1);
    for (size_t k = 0; k + 1 < text.size(); k += 2)
      std::from_chars(text.data() + k, text.data() + k + 2, reinterpret_cast<unsigned char*>(words.data())[k / 2], 16);
    return {DS_BYTES, uint32_t(text.size() / 2), {.p = words.data()}};
  }
  raise(DS_INVALID_ARGUMENT, "an attribute of kind ", kind, " cannot be written as text");
}

Sample SampleReader::read(const Schema& schema, const std::string& line) {
  Sample sample;
  sample.text = line;
  size_t semicolon = line.find(';');
  for (auto part : parts(std::string_view(line).substr(0, semicolon))) sample.inputs.push_back(read_input(part));
  for (uint32_t i = 0; i < schema.input_count; ++i) {
    if (schema.inputs[i].name != "state") continue;
    if (i >= sample.inputs.size()) sample.inputs.resize(i + 1, SampleInput{.absent = true, .shape = {}});
    sample.inputs[i] = {};
    sample.inputs[i].dtype = DS_U64;
    sample.inputs[i].shape = {2};
    sample.inputs[i].state = true;
  }
  sample.attributes.resize(schema.attribute_count);
  if (semicolon == line.npos) return sample;
  for (auto part : parts(std::string_view(line).substr(semicolon + 1))) {
    size_t equals = part.find('=');
    std::string_view name = trim(part.substr(0, equals));
    uint32_t i = 0;
    while (i < schema.attribute_count && schema.attributes[i].name != name) ++i;
    if (i == schema.attribute_count || equals == part.npos)
      raise(DS_INVALID_ARGUMENT, "sample '", line, "': no attribute ", name);
    sample.attributes[i] = attribute(schema.attributes[i].type, trim(part.substr(equals + 1)));
  }
  return sample;
}

Sample with_dtype(Sample sample, ds_dtype dtype) {
  for (auto& in : sample.inputs)
    if (in.dtype == DS_F32) in.dtype = dtype;
  for (auto& v : sample.attributes)
    if (v.tag == DS_TYPE && v.u.i == DS_F32) v.u.i = dtype;
  return sample;
}

std::vector<Sample> derived(const Sample& sample, const Family& family) {
  std::vector<Sample> cases;
  auto add = [&](Sample s) {
    for (auto& c : cases)
      if (c.describe() == s.describe()) return;
    if (s.describe() != sample.describe()) cases.push_back(std::move(s));
  };
  for (Layout layout : {Layout::kSteps, Layout::kBackwards, Layout::kRepeated, Layout::kOverlapping, Layout::kMixed}) {
    Sample strided = sample;
    strided.layout = layout;
    add(strided);
  }
  Sample corners = sample;
  for (size_t i = 0; i < corners.inputs.size(); ++i)
    corners.inputs[i].corners = !corners.inputs[i].absent && is_float(corners.inputs[i].dtype) && !(family.pads && i);
  add(corners);
  Sample scalar = sample;
  for (auto& in : scalar.inputs)
    if (!in.state) in.shape = {};
  add(scalar);
  if (family.broadcasts && sample.inputs.size() > 1) {
    Sample rows = sample, leading = sample;
    for (auto& dim : rows.inputs[0].shape) dim = 1;
    for (auto& in : leading.inputs)
      if (in.shape.rank()) in.shape = Shape(in.shape.data() + 1, in.shape.rank() - 1);
    leading.inputs[0].shape = sample.inputs[0].shape;
    add(rows);
    add(leading);
  }
  // Every extent in turn becomes 0 wherever it occurs.
  std::vector<int64_t> extents;
  for (auto& in : sample.inputs)
    for (int64_t dim : in.shape)
      if (dim > 1 && !in.state && std::find(extents.begin(), extents.end(), dim) == extents.end())
        extents.push_back(dim);
  for (int64_t extent : extents) {
    Sample empty = sample;
    for (auto& in : empty.inputs)
      if (!in.state) std::replace(in.shape.begin(), in.shape.end(), extent, int64_t{0});
    add(empty);
  }
  return cases;
}

namespace {

constexpr double kCorners[] = {NAN, HUGE_VAL, -HUGE_VAL, -0.0, 0.0, 1e-40, -1e-40};

std::vector<char> draw(const SampleInput& in, int64_t count, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> even(0, 1);
  int64_t size = byte_size(in.dtype);
  std::vector<char> bytes(size_t(count * size));
  uint8_t type = expr_type(in.dtype);
  for (int64_t k = 0; k < count; ++k) {
    double value = in.low == in.high ? normal(random) : in.low + (in.high - in.low) * even(random);
    if (in.state)
      value = double(k == 0 ? 12345 : 64);
    else if (is_bool(in.dtype))
      value = even(random) < 0.5;
    else if (is_integer(in.dtype))
      value = in.low == in.high ? std::floor(even(random) * 19) - (is_unsigned(in.dtype) ? 0 : 9) : std::floor(value);
    else if (in.corners && even(random) < 0.25)
      value = kCorners[random() % std::size(kCorners)];
    expr::store(bytes.data() + k * size, type, expr::convert({value, 0}, expr::kWeak, type));
  }
  return bytes;
}

Handle make_input(const Session& session, const SampleInput& in, Layout layout, std::mt19937_64& random) {
  Shape shape = in.shape, base = shape, strides;
  int64_t offset = 0, count = element_count(shape), rank = shape.rank();
  if (rank == 0 || count == 0 || in.state) layout = Layout::kDense;
  switch (layout) {
    case Layout::kMixed:
    case Layout::kDense: {
      auto bytes = draw(in, count, random);
      return session.tensor(in.dtype, shape, bytes.data());
    }
    case Layout::kSteps:
      for (auto& dim : base) dim = dim * 2 + 1;
      strides = dense_strides(base);
      for (auto& stride : strides) offset += stride, stride *= 2;
      break;
    case Layout::kBackwards:
      strides = dense_strides(base);
      for (int64_t i = 0; i < rank; ++i) offset += strides[i] * (shape[i] - 1), strides[i] = -strides[i];
      break;
    case Layout::kRepeated:
      base[0] = 1;
      strides = dense_strides(base);
      strides[0] = 0;
      break;
    case Layout::kOverlapping: {
      int64_t length = 1;
      for (int64_t dim : shape) length += dim - 1;
      base = {length};
      strides = Shape::filled(rank, 1);
      break;
    }
  }
  auto bytes = draw(in, element_count(base), random);
  return session.view(session.tensor(in.dtype, base, bytes.data()), offset, shape, strides);
}

}  // namespace

std::vector<Handle> make_inputs(const Session& session, const Sample& sample, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Handle> inputs;
  for (auto& in : sample.inputs) {
    Layout layout = sample.layout;
    if (layout == Layout::kMixed) layout = Layout(int(Layout::kSteps) + int(inputs.size() + 1) % 4);
    inputs.push_back(in.absent ? Handle() : make_input(session, in, layout, random));
  }
  return inputs;
}

}  // namespace ds::conformance

// samples.h: the samples of an operator, "f32[2,3](0,1), i64[4]<3, -; axis=1, reduction=\"sum\"", as calls in double.
#pragma once
#include "tests/operators/session.h"

namespace ds::test {

struct Sample {
  std::string text;
  std::vector<Array> inputs;
  Options options;
};

class SampleReader {
 public:
  SampleReader(std::string_view text, const Schema& schema) : text_(text), schema_(schema) {}

  Sample read() {
    Sample sample;
    sample.text = text_;
    uint32_t seed = 1;
    while (skip(), at_ < text_.size() && text_[at_] != ';') {
      const auto parameter = static_cast<uint32_t>(sample.inputs.size());
      sample.inputs.push_back(accept('-') ? Array() : input(seed++, schema_.input(parameter).type));
      accept(',');
    }
    if (!accept(';')) return sample;
    while (skip(), at_ < text_.size()) {
      const std::string name = word();
      EXPECT_TRUE(accept('=')) << text_;
      sample.options[name] = value(name);
      accept(',');
    }
    return sample;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool accept(char c) {
    skip();
    return at_ < text_.size() && text_[at_] == c && ++at_;
  }
  std::string word() {
    skip();
    const size_t start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }
  double number() {
    skip();
    size_t used = 0;
    const double v = std::stod(std::string(text_.substr(at_)), &used);
    at_ += used;
    return v;
  }
  Doubles list(char open, char close) {
    Doubles numbers;
    EXPECT_TRUE(accept(open)) << text_;
    while (!accept(close)) numbers.push_back(number()), accept(',');
    return numbers;
  }
  static Dims integers(const Doubles& numbers) { return {numbers.begin(), numbers.end()}; }

  Array input(uint32_t seed, std::string_view type) {
    ds_dtype dtype = DS_F64, exact = 0;
    EXPECT_TRUE(parse_dtype(word(), &dtype)) << text_;
    const Dims shape = integers(list('[', ']'));
    double low = is_float(dtype) ? -2 : is_bool(dtype) ? 0 : 1, high = is_float(dtype) ? 2 : is_bool(dtype) ? 2 : 9;
    if (accept('<'))
      low = is_float(dtype) ? number() - 4 : 0, high = is_float(dtype) ? low + 4 : number();
    else if (accept('>'))
      low = number() + 0.1, high = low + 3;
    else if (at_ < text_.size() && text_[at_] == '(') {
      const Doubles range = list('(', ')');
      low = range[0], high = range[1];
    }
    // A program among the attributes may name f32 itself: then its inputs stay f32.
    bool program = false;
    for (uint32_t i = 0; i < schema_.attribute_count; ++i) program |= schema_.attributes[i].type == "bytes";
    if (dtype == DS_F32 && !program && !parse_dtype(type, &exact)) dtype = DS_F64;
    Array a = random_array(shape, seed, low, high);
    a.dtype = dtype;
    if (!is_float(dtype))
      for (double& v : a.values) v = std::floor(v);
    return a;
  }

  Attribute value(const std::string& name) {
    std::string_view kind;
    for (uint32_t i = 0; i < schema_.attribute_count; ++i)
      if (schema_.attributes[i].name == name) kind = schema_.attributes[i].type;
    EXPECT_FALSE(kind.empty()) << text_ << " has no attribute " << name;
    if (kind == "string") {
      accept('"');
      const std::string v = word();
      accept('"');
      return v;
    }
    if (kind == "flag") return word() == "true";
    if (kind == "int") return static_cast<int64_t>(number());
    if (kind == "float") return number();
    if (kind == "ints") return integers(list('[', ']'));
    if (kind == "floats") return list('[', ']');
    if (kind == "bytes") {
      Bytes bytes;
      const std::string digits = word();
      for (size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.text += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
      return bytes;
    }
    ds_dtype dtype = DS_F32;
    EXPECT_TRUE(kind == "dtype" && parse_dtype(word(), &dtype)) << text_;
    return Dtype{dtype};
  }

  std::string_view text_;
  const Schema& schema_;
  size_t at_ = 0;
};

inline std::vector<Sample> samples_of(const Session& s, const std::string& op) {
  std::vector<Sample> samples;
  const std::string schema_text = s.info(op, "schema"), lines = s.info(op, "samples");
  const Schema schema(schema_text);
  for (size_t start = 0; start < lines.size();) {
    const size_t end = std::min(lines.find('\n', start), lines.size());
    samples.push_back(SampleReader(std::string_view(lines).substr(start, end - start), schema).read());
    samples.back().text = lines.substr(start, end - start);
    start = end + 1;
  }
  return samples;
}

}  // namespace ds::test

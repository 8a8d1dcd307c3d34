#include "sdk/conformance/conformance.h"

#include "deepseek/draft/operator.h"
#include "deepseek/interpret.hpp"
#include "sdk/conformance/gradients.h"
#include "sdk/conformance/sample.h"

namespace ds::conformance {

// One context for each way an operator can be run.
struct Suite::Sessions {
  Session kernels, references, decomposed;
};

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (auto& line : lines) text += line;
  return text;
}

// Relative error that a kernel may have.
double allowed_error(ds_dtype dtype) {
  switch (dtype) {
    case DS_F64:
      return 1e-12;
    case DS_F32:
      return 2e-5;
    case DS_F16:
      return 4e-3;
    default:
      return 3e-2;
  }
}

// The error in units of what is allowed; bits must agree for integers and bools. Where terms cancel, an element may be
// wrong by a part of the largest one; least is the smallest magnitude errors are measured against.
double compare(ds_dtype dtype, const std::vector<char>& got, const std::vector<char>& expected, double least) {
  if (!is_float(dtype)) return got == expected ? 0 : HUGE_VAL;
  uint8_t type = expr_type(dtype);
  size_t size = size_t(byte_size(dtype)), count = expected.size() / size;
  double largest = 0, worst = 0, part = byte_size(dtype) == 2 ? 0.25 : 0.0625;
  for (size_t k = 0; k < count; ++k) {
    double e = std::fabs(expr::load(expected.data() + k * size, type).f);
    if (e < HUGE_VAL) largest = std::max(largest, e);
  }
  for (size_t k = 0; k < count; ++k) {
    double g = expr::load(got.data() + k * size, type).f, e = expr::load(expected.data() + k * size, type).f;
    if (g == e || (g != g && e != e)) continue;
    double error = std::fabs(g - e) / (allowed_error(dtype) * std::max({std::fabs(e), largest * part, least}));
    if (!(error <= worst)) worst = error;
  }
  return worst == worst ? worst : HUGE_VAL;
}

struct Outcome {
  Failure failure;
  std::vector<ds_spec> specs;
  std::vector<std::vector<char>> outputs;
};

// dense: inputs of other layouts are replaced by dense copies. device: where it is computed; empty = cpu.
Outcome run(const Session& session, ds_operator_id op, const Sample& sample, bool dense = false,
            std::string_view device = "") {
  Outcome result;
  std::vector<Handle> inputs = make_inputs(session, sample, 7), outputs;
  if (!device.empty())
    for (Handle& in : inputs)
      if (in && (result.failure = session.move(in, device))) return result;
  for (Handle& in : inputs) {
    ds_spec spec;
    std::vector<char> bytes;
    if (!in || !dense) continue;
    if ((result.failure = session.read(in, &spec, &bytes))) return result;
    in = session.tensor(spec.dtype, Shape(spec), bytes.data());
  }
  if ((result.failure = session.call(op, inputs, sample.attributes, &outputs))) return result;
  inputs.clear();  // a view that nobody holds may be read where it lies
  for (auto& out : outputs) {
    if (!device.empty() && (result.failure = session.move(out, "cpu"))) return result;
    result.specs.emplace_back();
    result.outputs.emplace_back();
    if ((result.failure = session.read(out, &result.specs.back(), &result.outputs.back()))) return result;
  }
  return result;
}

// Both outcomes must be the same failure, or the same specs with close values.
void agree(const Outcome& got, const Outcome& expected, const Sample& sample, const char* who, Report* report) {
  auto fail = [&](const std::string& what) {
    report->failures.push_back(cat(sample.describe(), ": ", who, ": ", what));
  };
  if (got.failure.status != expected.failure.status)
    return fail(got.failure ? got.failure.text : cat("does not fail as the reference: ", expected.failure.text));
  if (got.failure) return;
  if (got.outputs.size() != expected.outputs.size()) return fail("another number of outputs");
  for (size_t k = 0; k < got.outputs.size(); ++k) {
    if (got.specs[k].dtype != expected.specs[k].dtype || !(Shape(got.specs[k]) == Shape(expected.specs[k])))
      return fail(cat("output ", k, " is ", got.specs[k], " instead of ", expected.specs[k]));
    // Of repeated rows nothing but rounding may be left: a variance of 0.
    double least = sample.layout == Layout::kRepeated ? 1 : 1e-6;
    double error = compare(got.specs[k].dtype, got.outputs[k], expected.outputs[k], least);
    if (error >= 1) return fail(cat("output ", k, " differs: ", error, " times what is allowed"));
    report->worst_value = std::max(report->worst_value, error);
  }
  ++report->compared;
}

// An operator may say that such shapes, dtypes or numbers are not its own; nothing else.
bool refuses(int32_t status) {
  return status == DS_SHAPE_MISMATCH || status == DS_INVALID_ARGUMENT || status == DS_OUT_OF_RANGE ||
         status == DS_DTYPE_MISMATCH;
}

Report not_run(const std::string& name, const Error& why) {
  Report report;
  report.name = name;
  report.failures.push_back(why.text);
  return report;
}

void exclude(Report* report, std::string reason) {
  if (std::find(report->exclusions.begin(), report->exclusions.end(), reason) == report->exclusions.end())
    report->exclusions.push_back(std::move(reason));
}

}  // namespace

std::string Report::line() const {
  std::string text = cat(passed() ? "ok    " : "FAIL  ", name, "  samples ", samples, " cases ", cases, " compared ",
                         compared, " gradients ", gradients, "+", second);
  char worst[64];
  std::snprintf(worst, sizeof worst, " (worst %.1e, %.1e)", worst_value, worst_gradient);
  text += worst;
  for (size_t i = 0; i < exclusions.size(); ++i) text += (i ? "; " : " | ") + exclusions[i];
  for (auto& f : failures) text += "\n      " + f;
  return text;
}

Suite::Suite(const std::string& plugin) : sessions_(std::make_unique<Sessions>()) {
  sessions_->references.flag("kernels", false);
  sessions_->decomposed.flag("composites", false);
  for (Session* s : {&sessions_->kernels, &sessions_->references, &sessions_->decomposed})
    if (!plugin.empty()) s->require(ds_plugin_load(s->context(), plugin.data(), plugin.size()));
}
Suite::~Suite() = default;

std::vector<std::string> Suite::operators() const {
  const Session& s = sessions_->kernels;
  return s.lines([&](ds_text_sink sink, void* user) { return ds_operators(s.context(), sink, user); });
}

bool Suite::takes_input(const std::string& name) const {
  const Session& s = sessions_->kernels;
  std::string text = joined(s.info(s.find(name), "schema"));
  return Schema(text).input_count > 0;
}

Report Suite::check_on(const std::string& device, const std::string& name) try {
  const Session& session = sessions_->kernels;
  Report report;
  report.name = cat(name, " on ", device);
  ds_operator_id there = session.find(name), reference = sessions_->references.find(name);
  std::string schema_text = joined(session.info(there, "schema"));
  Schema schema(schema_text);
  SampleReader reader;
  for (auto& line : session.info(there, "samples")) {
    Sample sample = reader.read(schema, line);
    ++report.samples;
    for (ds_dtype dtype : {DS_F32, DS_F64, DS_I32}) {
      Sample other = with_dtype(sample, dtype);
      Outcome expected = run(sessions_->references, reference, other), got = run(session, there, other, false, device);
      ++report.cases;
      if (got.failure.status == DS_UNSUPPORTED)
        exclude(&report, got.failure.text);
      else
        agree(got, expected, other, device.c_str(), &report);
    }
  }
  if (report.compared == 0) report.failures.push_back("none of its samples runs there");
  return report;
} catch (const Error& e) {
  return not_run(name, e);
}

Report Suite::check(const std::string& name) try {
  auto& [kernels, references, decomposed] = *sessions_;
  Report report;
  report.name = name;
  ds_operator_id with_kernels = kernels.find(name), reference = references.find(name), apart = decomposed.find(name);
  std::string schema_text = joined(kernels.info(with_kernels, "schema"));
  Schema schema(schema_text);
  std::vector<std::string> lines = kernels.info(with_kernels, "samples");
  if (lines.empty()) report.failures.push_back("it has no samples");
  SampleReader reader;
  Family family{joined(kernels.info(with_kernels, "class")) == "elementwise", false};
  for (uint32_t i = 0; i < schema.attribute_count; ++i) family.pads |= schema.attributes[i].name == "padding";
  // Both ways of computing without references agree with them.
  auto compare = [&](const Sample& sample, const Outcome& expected) {
    agree(run(kernels, with_kernels, sample), expected, sample, "kernel", &report);
    agree(run(decomposed, apart, sample), expected, sample, "decomposition", &report);
  };
  for (auto& line : lines) {
    Sample sample;
    try {
      sample = reader.read(schema, line);
    } catch (const Error& e) {
      report.failures.push_back(e.text);
      continue;
    }
    ++report.samples;
    Outcome expected = run(references, reference, sample);
    ++report.cases;
    if (expected.failure) {
      report.failures.push_back(cat(sample.describe(), ": ", expected.failure.text));
      continue;
    }
    compare(sample, expected);

    for (ds_dtype dtype : {DS_F64, DS_F16, DS_BF16, DS_I64, DS_I32, DS_U8, DS_BOOL}) {
      Sample other = with_dtype(sample, dtype);
      if (other.describe() == sample.describe()) break;
      Outcome result = run(references, reference, other);
      if (result.failure) {
        exclude(&report, cat(dtype_name(dtype), ": ", result.failure.text));
        continue;
      }
      ++report.cases;
      compare(other, result);
    }
    for (const Sample& other : derived(sample, family)) {
      Outcome result = run(references, reference, other);
      ++report.cases;
      compare(other, result);  // a refusal too
      if (result.failure && (other.layout != Layout::kDense || !refuses(result.failure.status)))
        report.failures.push_back(cat(other.describe(), ": ", result.failure.text));
      if (other.layout != Layout::kDense && !result.failure)
        agree(result, run(references, reference, other, true), other, "strided reference", &report);
    }
    check_gradients(references, reference, with_dtype(sample, DS_F64), &report);
  }
  std::sort(report.exclusions.begin(), report.exclusions.end());
  report.exclusions.erase(std::unique(report.exclusions.begin(), report.exclusions.end()), report.exclusions.end());
  return report;
} catch (const Error& e) {
  return not_run(name, e);
}

}  // namespace ds::conformance

// operator.hpp: an operator is a struct; DS_OPERATOR(Struct) registers it. What the struct has decides what it is:
//
//   static constexpr auto schema = "softclip(x: float, *, limit: float = 1) -> float";   required
//   static constexpr auto summary = "one line, with its source";                         recommended
//   static Expr body(Expr x, Expr limit);      elementwise: infer, gradient, reference, fused code and samples follow
//   static void infer(Infer&);                 shapes and dtypes of the outputs, or the error
//   static bool view(ViewOf&);                 class view; false: not a view of this source, copy it first
//   static void gradient(Gradient&);           nodes of the input gradients
//   static void decompose(Build&);             a composite: its meaning in terms of others
//   static void reference(Run&);               computes; strided inputs, dense outputs
//   static Samples samples();                  calls it must pass, as text
//   static constexpr auto role, domain;  static constexpr uint32_t version, op_class;
//   static constexpr uint64_t traits, reads_inputs, reads_outputs;
// domain: what samples of an elementwise operator are drawn from: "(-1,1)", ">0".
// With a gradient of its own an operator reads all inputs and no outputs unless reads_inputs, reads_outputs say.
#pragma once
#include "deepseek/elementwise.hpp"
#include "deepseek/plugin.hpp"

namespace ds {

class Infer : public Attributes {
 public:
  Infer(ds_infer_args& args, const Schema& schema) : Attributes(schema, args.attributes), args_(args) {}
  uint32_t inputs() const { return args_.input_count; }
  bool present(uint32_t i) const { return i < args_.input_count && args_.inputs[i]->kind != DS_KIND_OPTIONAL; }
  const ds_spec& input(uint32_t i) const { return *args_.inputs[i]; }
  Shape shape(uint32_t i = 0) const { return Shape(input(i)); }
  int64_t rank(uint32_t i = 0) const { return input(i).rank; }
  ds_dtype dtype(uint32_t i = 0) const { return input(i).dtype; }
  // dtype 0: that of the output's dtype variable.
  void output(uint32_t k, const Shape& shape, ds_dtype dtype = 0) {
    ds_spec& out = *args_.outputs[k];
    out.rank = int32_t(shape.rank());
    std::copy(shape.begin(), shape.end(), out.shape);
    if (dtype) out.dtype = dtype;
  }
  ds_dtype output_dtype(uint32_t k = 0) const { return args_.outputs[k]->dtype; }
  // How many outputs a variadic operator yields here. Fails: DS_UNSUPPORTED above the host's capacity.
  void outputs(uint32_t count) {
    DS_REQUIRE_AS(DS_UNSUPPORTED, count <= args_.output_count, count, " outputs, at most ", args_.output_count);
    args_.output_count = count;
  }

 private:
  ds_infer_args& args_;
};

class ViewOf : public Attributes {
 public:
  ViewOf(const ds_view_args& args, const Schema& schema) : Attributes(schema, args.attributes), args_(args) {}
  Shape shape() const { return {args_.source->shape, args_.source->rank}; }
  Shape strides() const { return {args_.source->strides, args_.source->rank}; }  // in elements, any sign
  int64_t rank() const { return args_.source->rank; }
  int64_t offset() const { return args_.source->offset; }
  void result(int64_t offset, const Shape& shape, const Shape& strides) {
    ds_view_spec& r = *args_.result;
    r.offset = offset;
    r.rank = int32_t(shape.rank());
    r.dtype = args_.source->dtype;
    std::copy(shape.begin(), shape.end(), r.shape);
    std::copy(strides.begin(), strides.end(), r.strides);
  }

 private:
  const ds_view_args& args_;
};

class Run : public Attributes {
 public:
  Run(const ds_run_args& args, const Schema& schema) : Attributes(schema, args.attributes), args_(args) {}
  const ds_run_args& args() const { return args_; }
  uint32_t inputs() const { return args_.input_count; }
  uint32_t outputs() const { return args_.output_count; }
  bool present(uint32_t i) const { return i < args_.input_count && args_.inputs[i]; }
  const ds_tensor& input(uint32_t i) const { return *args_.inputs[i]; }
  ds_tensor& output(uint32_t k = 0) const { return *args_.outputs[k]; }
  ds_dtype dtype(uint32_t i = 0) const { return dtype_of(input(i)); }
  ds_dtype output_dtype(uint32_t k = 0) const { return dtype_of(output(k)); }
  Shape shape(uint32_t i = 0) const { return shape_of(input(i)); }
  Shape output_shape(uint32_t k = 0) const { return shape_of(output(k)); }
  template <class T>
  View<const T> in(uint32_t i = 0) const {
    return View<const T>(input(i));
  }
  template <class T>
  View<T> out(uint32_t k = 0) const {
    return View<T>(output(k));
  }

 private:
  const ds_run_args& args_;
};

namespace detail {

template <class F>
int32_t slot(const ds_error_sink* error, F&& body) noexcept {
  return guarded(error, [&]() -> int32_t {
    try {
      return body();
    } catch (const Error& e) {
      return fail(error, e.code, e.text);
    }
  });
}
// Failures of a rule go to its builder, which may have the error already.
template <class F>
int32_t rule(ds_builder* builder, F&& body) noexcept {
  ds_error_sink sink{builder, [](void* b, ds_status code, const char* text, uint64_t length) {
                       auto* table = static_cast<ds_builder*>(b);
                       if (length) table->fail(table, code, text, length);
                     }};
  return slot(&sink, [&]() -> int32_t { return body(), DS_OK; });
}

template <class R, class... A>
constexpr uint32_t arity(R (*)(A...)) {
  return sizeof...(A);
}

template <class S>
concept HasBody = requires {
  &S::body;
};
template <class S>
concept HasInfer = requires(Infer& i) {
  S::infer(i);
};
template <class S>
concept HasView = requires(ViewOf& v) {
  S::view(v);
};
template <class S>
concept HasGradient = requires(Gradient& g) {
  S::gradient(g);
};
template <class S>
concept HasDecompose = requires(Build& b) {
  S::decompose(b);
};
template <class S>
concept HasReference = requires(Run& r) {
  S::reference(r);
};
template <class S>
concept HasSamples = requires {
  S::samples();
};

template <class S>
struct OperatorOf {
  static constexpr Schema schema{S::schema};

  static std::vector<Expr> body(const std::vector<Expr>& x) {
    auto call = [&]<size_t... i>(std::index_sequence<i...>) { return S::body(x[i]...); };
    auto result = call(std::make_index_sequence<arity(&S::body)>());
    if constexpr (std::is_same_v<decltype(result), Expr>)
      return {result};
    else
      return {result.begin(), result.end()};
  }
  static Elementwise& elementwise() {
    constexpr uint32_t arguments = arity(&S::body);
    static_assert(arguments >= schema.input_count && arguments <= schema.input_count + schema.numeric_count(),
                  "body takes the schema's inputs, then numeric attributes in order");
    static Elementwise e(schema, &body, arguments);
    return e;
  }

  static int32_t infer(void*, ds_infer_args* args) {
    return slot(args->error, [&]() -> int32_t {
      if constexpr (HasInfer<S>) {
        Infer i(*args, schema);
        S::infer(i);
      } else {
        Elementwise::infer(*args);
      }
      return DS_OK;
    });
  }
  static int32_t view(void*, ds_view_args* args) {
    return slot(args->error, [&]() -> int32_t {
      ViewOf v(*args, schema);
      return S::view(v) ? DS_OK : DS_UNIMPLEMENTED;
    });
  }
  static int32_t gradient(void*, ds_gradient_args* args) {
    return rule(args->builder, [&] {
      if constexpr (HasGradient<S>) {
        Gradient g(*args, schema);
        S::gradient(g);
      } else {
        elementwise().gradient(*args);
      }
    });
  }
  static int32_t decompose(void*, ds_decompose_args* args) {
    return rule(args->builder, [&] {
      Build b(*args, schema);
      S::decompose(b);
    });
  }
  static int32_t reference(void*, const ds_run_args* args) {
    return slot(args->error, [&]() -> int32_t {
      if constexpr (HasReference<S>) {
        Run r(*args, schema);
        S::reference(r);
      } else {
        elementwise().reference(*args);
      }
      return DS_OK;
    });
  }
  static int32_t samples(void*, ds_text_sink sink, void* user) {
    return slot(nullptr, [&]() -> int32_t {
      Samples lines;
      if constexpr (HasSamples<S>) {
        lines = S::samples();
      } else {
        std::string_view domain;
        if constexpr (requires { S::domain; }) domain = S::domain;
        lines = elementwise().samples(domain);
      }
      for (const std::string& line : lines)
        if (int32_t status = sink(user, line.data(), line.size())) return status;
      return DS_OK;
    });
  }

  static ds_operator make() {
    ds_operator op{};
    op.size = sizeof op;
    op.schema = text(schema.text);
    op.version = 1;
    if constexpr (requires { S::summary; }) op.summary = text(S::summary);
    if constexpr (requires { S::role; }) op.role = text(S::role);
    if constexpr (requires { S::version; }) op.version = S::version;
    if constexpr (requires { S::traits; }) op.traits = S::traits;
    op.op_class = HasBody<S> ? DS_CLASS_ELEMENTWISE : HasView<S> ? DS_CLASS_VIEW : DS_CLASS_OPAQUE;
    if constexpr (requires { S::op_class; }) op.op_class = S::op_class;
    if constexpr (HasBody<S>) {
      static_assert(HasInfer<S> || !HasView<S>);
      Elementwise& e = elementwise();
      op.expr = e.bytes().data();
      op.expr_size = e.bytes().size;
      if (!e.differentiable()) op.traits |= DS_TRAIT_NOT_DIFFERENTIABLE;
      if (!HasGradient<S> && e.differentiable()) {
        op.reads_inputs = e.reads_inputs();
        op.reads_outputs = e.reads_outputs();
        op.gradient = gradient;
      }
      op.infer = infer;
      op.reference = reference;
      op.samples = samples;
    }
    if constexpr (HasGradient<S>) {
      op.gradient = gradient;
      op.reads_inputs = schema.variadic() ? ~0ull : (1ull << schema.input_count) - 1;
    }
    if constexpr (requires { S::reads_inputs; }) op.reads_inputs = S::reads_inputs;
    if constexpr (requires { S::reads_outputs; }) op.reads_outputs = S::reads_outputs;
    if constexpr (HasInfer<S>) op.infer = infer;
    if constexpr (HasView<S>) op.view = view;
    if constexpr (HasDecompose<S>) op.decompose = decompose;
    if constexpr (HasReference<S>) op.reference = reference;
    if constexpr (HasSamples<S>) op.samples = samples;
    return op;
  }
  static const void* describe() {
    static const ds_operator op = make();
    return &op;
  }
};

}  // namespace detail
}  // namespace ds

#define DS_OPERATOR(Struct)                                                  \
  static const ::ds::detail::Registration ds_operator_registration_##Struct( \
      DS_OPERATOR_INTERFACE, &::ds::detail::OperatorOf<Struct>::describe)

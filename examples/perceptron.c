/* Trains a two-layer perceptron on the two-moons problem through ds.h alone: C11, no operator known at build time.
 *   cc perceptron.c $(pkg-config --cflags --libs deepseek) -lm */
#include <deepseek/ds.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kPoints = 256, kHidden = 32, kSteps = 1000 };

static ds_handle context;

static void check(int32_t status) {
  if (status == DS_OK) return;
  ds_text text;
  ds_error(context, NULL, &text, NULL);
  fprintf(stderr, "%s: %.*s\n", ds_status_name(status), (int)text.size, text.data);
  exit(1);
}

static ds_value tensor(ds_handle handle) { return (ds_value){DS_HANDLE, 0, {.h = handle}}; }
static ds_value number(double value) { return (ds_value){DS_FLOAT, 0, {.f = value}}; }

static ds_handle from(const float* values, int64_t rows, int64_t columns) {
  int64_t shape[] = {rows, columns};
  ds_tensor t = {.dl = {(void*)values, {DS_DEVICE_CPU, 0}, 2, {DS_CODE_FLOAT, 32, 1}, shape, NULL, 0},
                 .size = sizeof t};
  ds_handle handle;
  check(ds_tensor_copy_in(context, &t, &handle));
  return handle;
}

/* One call of an operator of one output; releases the inputs that are temporary. */
static ds_handle call(const char* name, ds_value a, ds_value b, int temporary) {
  ds_operator_id op;
  ds_handle out;
  uint32_t one = 1;
  ds_value inputs[] = {a, b};
  check(ds_operator_find(context, name, strlen(name), &op));
  check(ds_call(context, op, inputs, b.tag == DS_NONE ? 1 : 2, NULL, 0, 0, &out, &one));
  if (temporary & 1) check(ds_release(context, a.u.h));
  if (temporary & 2) check(ds_release(context, b.u.h));
  return out;
}

static double uniform(void) { return rand() / (RAND_MAX + 1.0) * 2 - 1; }

static ds_handle parameter(int64_t rows, int64_t columns, double scale) {
  float values[2 * kHidden];
  for (int64_t i = 0; i < rows * columns; ++i) values[i] = (float)(uniform() * scale);
  ds_handle handle = from(values, rows, columns);
  check(ds_set_requires_grad(context, handle, 1));
  return handle;
}

static void descend(ds_handle w, double rate) {
  ds_handle gradient;
  check(ds_tensor_grad(context, w, &gradient));
  ds_handle next = call("sub", tensor(w), tensor(call("mul", tensor(gradient), number(rate), 1)), 2);
  ds_value value = tensor(next);
  check(ds_assign(context, w, &value, 0));
  check(ds_set_grad(context, w, 0));
  check(ds_release(context, next));
}

int main(void) {
  const ds_value none = {DS_NONE, 0, {.i = 0}};
  float points[kPoints * 2], labels[kPoints];
  check(ds_context_create(&context));
  srand(1);
  for (int i = 0; i < kPoints; ++i) {
    double angle = 3.14159265 * (i / 2) / (kPoints / 2);
    int upper = i % 2;
    points[2 * i] = (float)(upper ? cos(angle) : 1 - cos(angle)) + (float)(0.1 * uniform());
    points[2 * i + 1] = (float)(upper ? sin(angle) : 0.5 - sin(angle)) + (float)(0.1 * uniform());
    labels[i] = upper ? 1.0f : -1.0f;
  }
  ds_handle x = from(points, kPoints, 2), y = from(labels, kPoints, 1);
  ds_handle w1 = parameter(2, kHidden, 1), b1 = parameter(1, kHidden, 1), w2 = parameter(kHidden, 1, 0.3);
  float predicted[kPoints];
  for (int step = 0; step <= kSteps; ++step) {
    ds_handle hidden =
        call("tanh", tensor(call("add", tensor(call("matmul", tensor(x), tensor(w1), 0)), tensor(b1), 1)), none, 1);
    ds_handle out = call("matmul", tensor(hidden), tensor(w2), 1);
    ds_handle error = call("sub", tensor(out), tensor(y), 0);
    ds_handle loss = call("mean", tensor(call("mul", tensor(error), tensor(error), 0)), none, 1);
    check(ds_backward(context, &loss, NULL, 1, 0, 0));
    check(ds_set_grad_enabled(context, 0, NULL));
    descend(w1, 0.05);
    descend(b1, 0.05);
    descend(w2, 0.05);
    check(ds_set_grad_enabled(context, 1, NULL));
    if (step % 200 == 0) {
      ds_value value;
      check(ds_tensor_item(context, loss, 0, &value));
      printf("step %4d  loss %.4f\n", step, value.u.f);
    }
    if (step == kSteps) check(ds_tensor_read(context, out, predicted, sizeof predicted, 0));
    ds_handle used[] = {out, error, loss};
    check(ds_release_many(context, used, 3));
  }
  int right = 0;
  for (int i = 0; i < kPoints; ++i) right += (predicted[i] > 0) == (labels[i] > 0);
  printf("accuracy %.3f (%d of %d)\n", right / (double)kPoints, right, (int)kPoints);
  check(ds_context_destroy(context));
  return right >= kPoints * 95 / 100 ? 0 : 1;
}

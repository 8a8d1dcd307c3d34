// A Value is what a tensor holds at one moment: data that may not be computed yet, and where its gradient goes.
//
// Data outlives the recording it was made in. It is counted twice: who knows of it, and who wants its content; a flush
// computes only what somebody wants.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/ir/graph.h"

namespace ds::core {

class Recorder;
struct GradNode;

struct Data {
  ds_spec spec;
  Recorder* recorder = nullptr;  // where it is pending; null: computed, failed or dropped
  ValueId pending = kNone;
  // The leaf it is in a recording, so that it becomes one only once.
  uint64_t leaf_epoch = 0;
  ValueId leaf = kNone;
  Ref<Buffer> buffer;
  uint64_t byte_offset = 0;
  bool scalar = false;                         // a runtime scalar: the bytes are here
  alignas(16) unsigned char bytes[16];         // of a scalar
  std::shared_ptr<const std::string> failure;  // why it could not be computed
  ds_status failure_code = DS_OK;
  uint64_t failure_location = 0;
  uint64_t flush = 0;  // number of the flush that computed it; 0: given

  explicit Data(const ds_spec& s) { copy_spec(&spec, s); }
  ~Data();
  static void* operator new(size_t) { return Pool<Data>::take(); }
  static void operator delete(void* p) { Pool<Data>::give(p); }
  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) delete this;
  }
  void want() { ++wanted_; }
  void unwant() {  // the last one lets go of the content; while it is pending somebody may still come
    if (--wanted_ == 0 && !recorder) buffer.reset();
  }
  bool wanted() const { return wanted_ > 0; }
  bool wanted_once() const { return wanted_ == 1; }
  bool ready() const { return buffer || scalar; }
  void settle();  // no longer pending
  void fail(const std::shared_ptr<const Status>& status);

 private:
  uint32_t references_ = 0, wanted_ = 0;
};

// Wants the content of a Data.
class Content {
 public:
  Content() = default;
  Content(Ref<Data> data) : data_(std::move(data)) {
    if (data_) data_->want();
  }
  Content(const Content& other) : Content(other.data_) {}
  Content(Content&& other) noexcept : data_(std::move(other.data_)) {}
  Content& operator=(Content other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Content() {
    if (data_) data_->unwant();
  }
  const Ref<Data>& data() const { return data_; }
  Data* operator->() const { return data_.get(); }
  Data* get() const { return data_.get(); }
  explicit operator bool() const { return bool(data_); }

 private:
  Ref<Data> data_;
};

// Counted by hand to keep GradNode incomplete here.
class GradRef {
 public:
  GradRef() = default;
  explicit GradRef(GradNode* node);
  GradRef(const GradRef& other) : GradRef(other.node_) {}
  GradRef(GradRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  GradRef& operator=(GradRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~GradRef();
  GradNode* get() const { return node_; }
  GradNode* operator->() const { return node_; }
  explicit operator bool() const { return node_; }

 private:
  GradNode* node_ = nullptr;
};

struct Value {
  Content content;
  GradRef grad;         // who made it; empty: no gradient is wanted
  uint32_t output = 0;  // which output of it

  Value() = default;
  explicit Value(Ref<Data> data) : content(std::move(data)) {}
  const ds_spec& spec() const { return content->spec; }
  explicit operator bool() const { return bool(content); }
};

// Memory all views of it share. The current content is `value`; a write makes a new version.
class Storage {
 public:
  explicit Storage(Value v) : value(std::move(v)) {}
  static void* operator new(size_t) { return Pool<Storage>::take(); }
  static void operator delete(void* p) { Pool<Storage>::give(p); }
  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) delete this;
  }
  bool shared() const { return references_ > 1; }

  Value value;
  uint64_t version = 0;
  bool read_only = false;
  Ref<Buffer> pinned;  // foreign or exported memory that must see every write

 private:
  uint32_t references_ = 0;
};

// A hook on a gradient; answers DS_OK, and may set *replacement.
struct Hook {
  uint64_t id;
  int32_t (*call)(void* user, Value& gradient, Status* status);
  void (*released)(void* user);
  void* user;
};

// A recorded call that a gradient flows through, or (op == null) a leaf that collects one.
struct GradNode {
  struct Input {
    Ref<Data> data;  // null: absent
    Content kept;    // set when the gradient reads the content
    GradRef grad;
    uint32_t output = 0;
  };
  struct Output {
    Ref<Data> data;
    Content kept;
  };
  const Operator* op = nullptr;
  uint64_t sequence = 0;
  uint64_t location = 0;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<ds_value> attributes;
  std::unique_ptr<std::byte[]> attribute_memory;  // lists and strings of attributes
  bool freed = false;                             // its content was given up by an earlier backward
  std::vector<std::pair<uint32_t, Hook>> hooks;   // by output
  Ref<Storage> gradient;                          // of a leaf: .grad, whose tensors all share it
  ds_spec leaf_spec{};

  void retain() { ++references_; }
  void release();
  ~GradNode();

 private:
  uint32_t references_ = 0;
};

inline GradRef::GradRef(GradNode* node) : node_(node) {
  if (node_) node_->retain();
}
inline GradRef::~GradRef() {
  if (node_) node_->release();
}

// What a handle stands for.
class Tensor {
 public:
  explicit Tensor(Ref<Storage> s) : storage(std::move(s)) {}
  static void* operator new(size_t) { return Pool<Tensor>::take(); }
  static void operator delete(void* p) { Pool<Tensor>::give(p); }
  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) delete this;
  }
  const ds_spec& base_spec() const { return storage->value.spec(); }

  Ref<Storage> storage;
  std::unique_ptr<ds_view_spec> view;  // null: all of the storage
  // A view's latest read, at cached_version. It does not want the content: a view nobody computes with costs nothing.
  Ref<Data> cached;
  GradRef cached_grad;
  uint64_t cached_version = ~0ull;
  bool detached = false;
  bool tracked = true;  // a view made while gradients were enabled, whenever it is read
  bool read_only = false;
  GradRef leaf;        // of a view, or of a detached tensor, that asks for gradients itself
  Ref<Tensor> origin;  // of a view of such a tensor: gradients flow to that one

 private:
  uint32_t references_ = 0;
};

}  // namespace ds::core

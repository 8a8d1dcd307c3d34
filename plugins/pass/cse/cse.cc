// cse: nodes that compute the same from the same become one.
//
// Effects and results of data-dependent size stay. A random node is a function of its state, so the same state input
// gives the same numbers. Big fills are cheaper to repeat than to keep.
#include <algorithm>
#include <string>
#include <unordered_map>

#include "deepseek/pass.hpp"

namespace ds::passes {

constexpr int64_t kSmall = 4096;

struct Cse {
  static constexpr std::string_view name = "cse";
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 100;

  static void put(std::string& key, const void* bytes, size_t size) {
    key.append(static_cast<const char*>(bytes), size);
  }

  static void put(std::string& key, const ds_value& v) {
    put(key, &v.tag, 4);
    put(key, &v.count, 4);
    bool text = v.tag == DS_STRING || v.tag == DS_BYTES, list = v.tag == DS_INTS || v.tag == DS_FLOATS;
    if (!text && !list) return put(key, &v.u.i, 8);
    if (v.count) put(key, v.u.p, v.count * (list ? size_t{8} : size_t{1}));
  }

  // Everything the outputs depend on, but for what the inputs hold.
  static std::string key_of(const PassNode& n) {
    std::string key(n.op);
    key += '\0';
    put(key, &n.version, 4);
    for (ds_value_id input : n.inputs) put(key, &input, 4);
    for (const ds_value& attribute : n.attributes) put(key, attribute);
    return key;
  }

  static bool mergeable(Edit& edit, const PassNode& n) {
    if (!n.pure() || n.outputs.empty()) return false;
    if (n.op_class == DS_CLASS_RANDOM && std::count(n.inputs.begin(), n.inputs.end(), DS_NO_ID)) return false;
    return n.op_class != DS_CLASS_CREATE || element_count(edit.value(n.outputs[0]).spec()) <= kSmall;
  }

  static std::string constant_key(const PassValue& v, const char* data) {
    std::string key;
    put(key, &v.spec().dtype, 4);
    put(key, &v.spec().device, sizeof(ds_device_id));
    put(key, v.spec().shape, size_t(v.spec().rank) * 8);
    put(key, data, byte_count(v.spec()));
    return key;
  }

  static void run(Edit& edit) {
    std::unordered_map<std::string, ds_value_id> constants;
    for (ds_value_id id = 0, count = edit.value_count(); id < count; ++id) {
      PassValue v = edit.value(id);
      const char* data = v.constant();
      if (!data || v.is(DS_VALUE_OUTPUT) || !v.v.uses || element_count(v.spec()) > kSmall) continue;
      auto [at, fresh] = constants.try_emplace(constant_key(v, data), id);
      if (!fresh) edit.replace(id, at->second);
    }
    std::unordered_map<std::string, std::vector<ds_value_id>> seen;
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!mergeable(edit, n)) continue;
      auto [at, fresh] = seen.try_emplace(key_of(n), n.outputs);
      if (fresh) continue;
      // Somebody outside who holds both results expects memory of their own.
      bool both_outside = false;
      for (size_t i = 0; i < n.outputs.size(); ++i)
        both_outside |= edit.value(n.outputs[i]).is(DS_VALUE_OUTPUT) && edit.value(at->second[i]).is(DS_VALUE_OUTPUT);
      if (both_outside) continue;
      for (size_t i = 0; i < n.outputs.size(); ++i) edit.replace(n.outputs[i], at->second[i]);
      edit.note(id, "merged    " + std::string(n.op) + " with an equal one");
      edit.erase(id);
    }
  }
};
DS_PASS(Cse);

}  // namespace ds::passes

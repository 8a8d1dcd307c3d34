// plan: where buffers lie in the arena: largest first, each in the smallest gap between those alive with it
// (greedy by size, Pisarchyk and Lee 2020).
#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "deepseek/pass.hpp"

namespace ds::passes {

struct Plan {
  static constexpr std::string_view name = "plan";
  static constexpr uint32_t stage = DS_STAGE_PROGRAM, numerics = DS_EXACT;
  static constexpr int32_t order = 200;

  struct Buffer {
    ds_value_id id;
    uint32_t first, last;
    uint64_t nbytes, offset;

    bool meets(const Buffer& other) const { return first <= other.last && other.first <= last; }
  };

  static std::vector<Buffer> buffers(const Edit& edit) {
    std::vector<Buffer> out;
    std::vector<bool> seen(edit.value_count());
    for (ds_node_id id : edit.nodes())
      for (ds_value_id output : edit.node(id).outputs) {
        PassValue v = edit.value(output);
        if (v.v.buffer == DS_NO_ID || seen[v.v.buffer]) continue;
        seen[v.v.buffer] = true;
        out.push_back({v.v.buffer, v.v.first, v.v.last, (v.v.nbytes + 63) & ~63ull, 0});
      }
    return out;
  }

  // No placement can do with less than what is alive at once.
  static uint64_t lower_bound(const std::vector<Buffer>& buffers) {
    std::map<uint64_t, int64_t> change;
    for (const Buffer& b : buffers) {
      change[b.first] += int64_t(b.nbytes);
      change[uint64_t{b.last} + 1] -= int64_t(b.nbytes);
    }
    int64_t alive = 0, most = 0;
    for (auto& [when, bytes] : change) most = std::max(most, alive += bytes);
    return uint64_t(most);
  }

  // placed: by offset. The smallest gap that holds b, or the end.
  static uint64_t find_gap(const std::vector<const Buffer*>& placed, const Buffer& b) {
    uint64_t free_from = 0, best = 0, best_size = UINT64_MAX;
    for (const Buffer* other : placed) {
      if (!other->meets(b)) continue;
      uint64_t gap = other->offset > free_from ? other->offset - free_from : 0;
      if (gap >= b.nbytes && gap < best_size) best = free_from, best_size = gap;
      free_from = std::max(free_from, other->offset + other->nbytes);
    }
    return best_size == UINT64_MAX ? free_from : best;
  }

  // Sets offsets; the size of the arena.
  static uint64_t place(std::vector<Buffer>& buffers) {
    std::sort(buffers.begin(), buffers.end(), [](const Buffer& a, const Buffer& b) {
      if (a.nbytes != b.nbytes) return a.nbytes > b.nbytes;
      return a.first != b.first ? a.first < b.first : a.id < b.id;
    });
    std::vector<const Buffer*> placed;
    uint64_t arena = 0;
    for (Buffer& b : buffers) {
      b.offset = find_gap(placed, b);
      arena = std::max(arena, b.offset + b.nbytes);
      auto at = std::upper_bound(placed.begin(), placed.end(), &b,
                                 [](const Buffer* x, const Buffer* y) { return x->offset < y->offset; });
      placed.insert(at, &b);
    }
    return arena;
  }

  static void run(Edit& edit) {
    std::vector<Buffer> all = buffers(edit);
    if (all.empty()) return;
    uint64_t bound = lower_bound(all), arena = place(all);
    for (const Buffer& b : all) edit.place(b.id, b.offset);
    edit.arena(arena);
    const Buffer& largest = all[0];
    ds_node_id producer = edit.value(largest.id).v.producer;
    char text[160];
    std::snprintf(text, sizeof text, "peak      %.3g MB of a %.3g MB bound, %zu buffers; largest: %.40s (%.3g MB)",
                  double(arena) / 1e6, double(bound) / 1e6, all.size(),
                  producer == DS_NO_ID ? "a leaf" : std::string(edit.node(producer).op).c_str(),
                  double(largest.nbytes) / 1e6);
    edit.note(producer, text);
  }
};
DS_PASS(Plan);

}  // namespace ds::passes

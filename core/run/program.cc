#include "core/run/program.h"

namespace ds::core {

Program::~Program() {
  for (auto& i : instructions_)
    if (i.destroy) i.destroy(i.state);
}

bool Program::serves(const Graph& graph, std::span<const ValueId> outputs, const std::vector<bool>& donated,
                     bool leaf_views) const {
  if (leaf_views_ && !leaf_views) return false;
  for (size_t i = 0; i < donated_.size(); ++i)
    if (donated_[i] && !donated[i]) return false;
  // Both lists ascend.
  size_t at = 0;
  for (ValueId output : outputs) {
    while (at < outputs_.size() && outputs_[at] < output) ++at;
    if (at == outputs_.size() || outputs_[at] != output) return false;
  }
  return graph_.equal(graph);
}

void Program::patch(const Patch& p, const Buffer& buffer, uint64_t offset) {
  ds_dl_tensor& dl = p.record->tensor.dl;
  if (dl.device.type == DS_DEVICE_CPU) {
    dl.data = static_cast<char*>(buffer.memory) + offset + p.offset;
  } else {
    dl.data = buffer.memory;
    dl.byte_offset = offset + p.offset;
  }
}

Status Program::run(Devices& devices, std::span<const Place> leaves, std::vector<Place>* outputs,
                    std::vector<ds_spec>* specs) {
  completed_ = 0;
  outputs->clear();
  std::vector<Ref<Buffer>> staged;  // scalars for devices that do not read the host's memory
  for (size_t i = 0; i < leaves_.size(); ++i) {
    Leaf& leaf = leaves_[i];
    const Place& place = leaves[i];
    if (place.scalar && leaf.device.type != DS_DEVICE_CPU) {
      Device* device;
      DS_RETURN_IF_ERROR(devices.open(leaf.device, &device));
      staged.emplace_back();
      DS_RETURN_IF_ERROR(device->allocate(leaf.nbytes, &staged.back()));
      DS_RETURN_IF_ERROR(device->copy_in(place.scalar, *staged.back(), 0, leaf.nbytes));
      for (auto& p : leaf.patches) patch(p, *staged.back(), 0);
      continue;
    }
    const void* address = place.scalar ? place.scalar : static_cast<const char*>(place.buffer->memory) + place.offset;
    // Somebody outside may write foreign memory unseen: nothing derived from it may be kept.
    uint64_t version = place.scalar || place.buffer->foreign() ? 0 : place.buffer->version;
    if (address == leaf.address && version == leaf.version && leaf.device.type == DS_DEVICE_CPU) continue;
    leaf.address = address;
    leaf.version = version;
    for (auto& p : leaf.patches) {
      if (place.scalar)
        p.record->tensor.dl.data = const_cast<void*>(address);
      else
        patch(p, *place.buffer, place.offset);
      p.record->tensor.version = version;
    }
  }

  auto& owned = owned_now_;
  owned.resize(owned_.size());
  struct Clear {
    std::vector<Ref<Buffer>>& owned;
    ~Clear() { owned.clear(); }
  } clear{owned};
  for (size_t i = 0; i < owned_.size(); ++i) {
    Device* device;
    DS_RETURN_IF_ERROR(devices.open(owned_[i].device, &device));
    if (Status status = device->allocate(owned_[i].nbytes, &owned[i])) {
      if (owned_[i].op) status = std::move(status).in(owned_[i].op->name());
      return std::move(status).at(owned_[i].location);
    }
    for (auto& p : owned_[i].patches) patch(p, *owned[i], 0);
  }
  Ref<Buffer> arena;
  if (arena_bytes_) {
    Device* cpu;
    DS_RETURN_IF_ERROR(devices.open(ds_device_id{DS_DEVICE_CPU, 0}, &cpu));
    DS_RETURN_IF_ERROR(cpu->allocate(arena_bytes_, &arena));
    if (arena->memory != arena_address_) {
      arena_address_ = arena->memory;
      for (auto& p : arena_patches_) patch(p, *arena, 0);
      for (auto& i : instructions_) i.args.workspace = static_cast<char*>(arena->memory) + workspace_offset_;
    }
  }

  ++runs;
  const uint32_t count = uint32_t(instructions_.size());
  for (; completed_ < count; ++completed_) {
    Instruction& i = instructions_[completed_];
    if (int32_t status = i.run(i.state, &i.args)) [[unlikely]] {
      Status failed = errors_.take(status, "");
      if (!failed.text().starts_with(i.op->name())) failed = std::move(failed).in(i.op->name());
      failed = std::move(failed).at(i.location);
      DS_RETURN_IF_ERROR(hand_over(leaves, outputs, specs));
      return failed;
    }
  }
  return hand_over(leaves, outputs, specs);
}

Program::Remains Program::remains() const {
  Remains r;
  r.overwritten.resize(leaves_.size());
  for (uint32_t k = 0; k <= completed_ && k < instructions_.size(); ++k) {
    const Instruction& i = instructions_[k];
    if (i.overwrites != kNone) r.overwritten[i.overwrites] = true;
    if (!i.op->has(DS_TRAIT_EFFECT)) continue;
    ++r.effects;
    r.effect_failed = k == completed_;
  }
  return r;
}

// The outputs whose instructions have completed.
Status Program::hand_over(std::span<const Place> leaves, std::vector<Place>* outputs, std::vector<ds_spec>* specs) {
  outputs->resize(results_.size());
  specs->resize(results_.size());
  for (size_t i = 0; i < results_.size(); ++i) {
    const Result& result = results_[i];
    Place& place = (*outputs)[i];
    (*specs)[i] = result.spec;
    if (result.needs > completed_) continue;
    place.offset = result.offset;
    if (result.memory == Memory::kLeaf) {
      place = leaves[result.index];
      place.offset += result.offset;
      // A donated leaf was written in place: it is a new content under the old address.
      if (place.buffer && donated_[result.index]) place.buffer->touch();
    } else if (result.memory == Memory::kConstant) {
      place.buffer = constants_[result.index];
    } else if (result.memory == Memory::kOwned) {
      place.buffer = owned_now_[result.index];
      if (result.data_dependent && owned_[result.index].producer) {
        const ds_dl_tensor& dl = owned_[result.index].producer->tensor.dl;
        if (dl.ndim != result.spec.rank) return wrong_extents(result);
        for (int32_t d = 0; d < dl.ndim; ++d) {
          if (dl.shape[d] < 0 || dl.shape[d] > result.spec.shape[d]) return wrong_extents(result);
          (*specs)[i].shape[d] = dl.shape[d];
        }
      }
    }
  }
  restore_extents();
  return {};
}

// Extents that a data-dependent operator shrank go back to what infer allowed.
void Program::restore_extents() {
  for (const Result& result : results_) {
    if (!result.data_dependent || result.memory != Memory::kOwned || !owned_[result.index].producer) continue;
    TensorRecord& record = *owned_[result.index].producer;
    record.tensor.dl.ndim = result.spec.rank;
    std::copy(result.spec.shape, result.spec.shape + result.spec.rank, record.shape);
  }
}

Status Program::wrong_extents(const Result& result) {
  const Owned& owned = owned_[result.index];
  restore_extents();
  return error(DS_BAD_PLUGIN, owned.op ? owned.op->name() : "?", ": its kernel answers extents beyond ",
               spec_text(result.spec))
      .at(owned.location);
}

std::vector<Program::KernelCall> Program::calls() const {
  std::vector<KernelCall> calls;
  for (auto& i : instructions_) calls.push_back({i.run, i.state, &i.args});
  return calls;
}

}  // namespace ds::core

// Graphs as text and as something to call.
#include <algorithm>

#include "core/api/context.h"

namespace ds::core {
namespace {

// The part of a recording that the outputs need, with ids of its own.
void extract(const Graph& whole, std::span<const ValueId> wanted, Graph* part, std::vector<ValueId>* outputs) {
  std::vector<bool> needed(whole.values().size());
  for (ValueId v : wanted) needed[v] = true;
  auto nodes = whole.nodes();
  for (size_t i = nodes.size(); i-- > 0;) {
    bool any = false;
    for (uint32_t o = 0; o < nodes[i].output_count; ++o) any = any || needed[nodes[i].first_output + o];
    if (!any) continue;
    for (uint32_t o = 0; o < nodes[i].output_count; ++o) needed[nodes[i].first_output + o] = true;
    for (ValueId input : whole.inputs(nodes[i]))
      if (input != kNone) needed[input] = true;
  }
  std::vector<ValueId> renamed(whole.values().size(), kNone);
  for (ValueId id = 0; id < whole.values().size(); ++id) {
    const ValueInfo& v = whole.value(id);
    if (!needed[id] || (v.kind == ValueKind::kResult && v.index > 0))
      continue;  // a node is copied with its first output
    if (v.kind == ValueKind::kLeaf || v.kind == ValueKind::kScalar) {
      renamed[id] = part->add_leaf(v.spec, v.kind == ValueKind::kScalar);
    } else if (v.kind == ValueKind::kConstant) {
      renamed[id] = part->add_constant(v.spec, whole.constants()[v.index]);
    } else {
      const Node& n = whole.node(v.producer);
      std::vector<ValueId> inputs;
      std::vector<ds_spec> specs;
      for (ValueId input : whole.inputs(n)) inputs.push_back(input == kNone ? kNone : renamed[input]);
      for (uint32_t o = 0; o < n.output_count; ++o) specs.push_back(whole.value(n.first_output + o).spec);
      NodeId made = part->add_node(*n.op, inputs, whole.attributes(n), specs, n.location);
      for (uint32_t o = 0; o < n.output_count; ++o) renamed[n.first_output + o] = part->node(made).first_output + o;
    }
  }
  for (ValueId v : wanted) outputs->push_back(renamed[v]);
}

Status find_graph(Context& c, ds_handle handle, ParsedGraph** graph) {
  *graph = c.graphs.find(handle);
  return *graph ? Status() : error(DS_STALE_HANDLE, "a graph handle that was released, or never was one");
}

const Operator* find_operator(void* user, std::string_view name, Status* status) {
  return static_cast<Context*>(user)->executor.registry.find_operator(name, status);
}

}  // namespace
}  // namespace ds::core

using namespace ds::core;

int32_t ds_graph_text(ds_handle context, const ds_handle* tensors, uint32_t count, ds_text_sink sink, void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState& t, std::vector<std::string>* lines) -> Status {
    std::vector<ValueId> wanted;
    Graph part;
    std::vector<ValueId> outputs;
    for (uint32_t i = 0; i < count; ++i) {
      Tensor* tensor;
      Value value;
      DS_RETURN_IF_ERROR(c.tensor(tensors[i], &tensor));
      DS_RETURN_IF_ERROR(c.value_of(*tensor, t.recorder, 0, &value));
      if (value.content->recorder == &t.recorder) wanted.push_back(value.content->pending);
    }
    extract(t.recorder.graph(), wanted, &part, &outputs);
    return lines->push_back(print(part, outputs)), Status();
  });
}

int32_t ds_graph_parse(ds_handle context, const char* text, uint64_t length, ds_handle* graph) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Ref<ParsedGraph> parsed(new ParsedGraph);
    DS_RETURN_IF_ERROR(parse({text, length}, &find_operator, &c, &parsed->graph, &parsed->outputs));
    *graph = c.graphs.add(std::move(parsed));
    return {};
  });
}

int32_t ds_graph_print(ds_handle context, ds_handle handle, ds_text_sink sink, void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState&, std::vector<std::string>* lines) -> Status {
    ParsedGraph* graph;
    DS_RETURN_IF_ERROR(find_graph(c, handle, &graph));
    return lines->push_back(print(graph->graph, graph->outputs)), Status();
  });
}

int32_t ds_graph_call(ds_handle context, ds_handle handle, const ds_handle* inputs, uint32_t input_count,
                      ds_handle* outputs, uint32_t* output_count) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    ParsedGraph* parsed;
    DS_RETURN_IF_ERROR(find_graph(c, handle, &parsed));
    const Graph& graph = parsed->graph;
    if (input_count != graph.leaves().size() || *output_count < parsed->outputs.size())
      return error(DS_INVALID_ARGUMENT, "graph_call: the graph has ", graph.leaves().size(), " inputs and ",
                   parsed->outputs.size(), " outputs");
    std::vector<Value> values(graph.values().size());
    for (ValueId id = 0; id < graph.values().size(); ++id) {
      const ValueInfo& v = graph.value(id);
      if (v.kind == ValueKind::kConstant) {
        Ref<Data> data(new Data(v.spec));
        data->buffer = graph.constants()[v.index];
        values[id] = Value(std::move(data));
      } else if (v.kind != ValueKind::kResult) {
        Tensor* tensor;
        DS_RETURN_IF_ERROR(c.tensor(inputs[v.index], &tensor));
        DS_RETURN_IF_ERROR(c.value_of(*tensor, t.recorder, 0, &values[id]));
        if (!same_type(values[id].spec(), v.spec))
          return error(DS_SHAPE_MISMATCH, "graph_call: input ", v.index, " is ", spec_text(values[id].spec()),
                       ", the graph expects ", spec_text(v.spec));
      }
    }
    for (auto& node : graph.nodes()) {
      std::vector<Value> in, out;
      for (ValueId input : graph.inputs(node)) in.push_back(input == kNone ? Value() : values[input]);
      DS_RETURN_IF_ERROR(t.recorder.record(*node.op, in, {}, graph.attributes(node), 0, &out));
      if (out.size() != node.output_count)
        return error(DS_CORRUPT, "graph_call: ", node.op->name(), " yields ", out.size(), " outputs, the graph says ",
                     node.output_count);
      for (uint32_t i = 0; i < node.output_count; ++i) values[node.first_output + i] = out[i];
      if (node.op->has(DS_TRAIT_DATA_DEPENDENT)) DS_RETURN_IF_ERROR(t.recorder.settle(0));  // sizes first
    }
    DS_RETURN_IF_ERROR(t.recorder.settle(0));
    *output_count = uint32_t(parsed->outputs.size());
    for (uint32_t i = 0; i < *output_count; ++i) outputs[i] = c.add(values[parsed->outputs[i]]);
    return {};
  });
}

// Runs a levelised netlist, 64 independent streams at a time: bit s of every word is stream s.
// zero_delay.py writes the programs; this file only executes them and counts.

#include <cstdint>
#include <cstring>
#include <vector>

namespace {

struct Operation {
    int32_t code, result, left, right;
};

struct FlipFlop {
    int32_t gate, data, state;
};

void execute(const Operation* operation, int64_t count, uint64_t* value) {
    for (const Operation* end = operation + count; operation != end; ++operation) {
        const uint64_t left = value[operation->left], right = value[operation->right];
        switch (operation->code) {
            case 0: value[operation->result] = left & right; break;
            case 1: value[operation->result] = left | right; break;
            case 2: value[operation->result] = left ^ right; break;
            default: value[operation->result] = ~left; break;
        }
    }
}

// Takes the data of each flip-flop whose gate has risen since the last call; returns whether any has.
bool clock_flip_flops(const FlipFlop* flip_flop, int64_t count, uint64_t* value, uint64_t* gate_before) {
    uint64_t edges = 0;
    for (int64_t index = 0; index < count; ++index, ++flip_flop) {
        const uint64_t gate = value[flip_flop->gate];
        const uint64_t edge = gate & ~gate_before[index];
        uint64_t& state = value[flip_flop->state];
        state = (state & ~edge) | (value[flip_flop->data] & edge);
        gate_before[index] = gate;
        edges |= edge;
    }
    return edges != 0;
}

}  // namespace

// value [signals] must hold the constants; the first nets of it are the netlist's.
// inputs [clocks, input_count] and outputs [clocks, output_count]; toggles and high [nets], high in half clocks.
// Returns the number of clocks.
extern "C" uint64_t run(const Operation* clock_cone, int64_t clock_cone_count, const Operation* sample,
                    int64_t sample_count, const Operation* settle, int64_t settle_count,
                    const FlipFlop* flip_flops, int64_t flip_flop_count, uint64_t* gate_before, uint64_t* value,
                    uint64_t* value_before, int64_t nets, int64_t clock_net, const int32_t* input_nets,
                    int64_t input_count, const uint64_t* inputs, const int32_t* output_nets, int64_t output_count,
                    uint64_t* outputs, int64_t clocks, int64_t count_from, uint64_t stream_mask, uint64_t* toggles,
                    uint64_t* high) {
    std::vector<uint64_t> ones(nets);
    value[clock_net] = 0;
    execute(settle, settle_count, value);
    execute(sample, sample_count, value);
    for (int64_t index = 0; index < flip_flop_count; ++index) gate_before[index] = value[flip_flops[index].gate];
    for (int64_t clock = 0; clock < clocks; ++clock) {
        for (int phase = 1; phase >= 0; --phase) {
            std::memcpy(value_before, value, nets * sizeof(uint64_t));
            value[clock_net] = phase ? ~uint64_t{0} : 0;
            // Only the clock network moves before the flip-flops sample: data keep their values of before the edge.
            execute(clock_cone, clock_cone_count, value);
            execute(sample, sample_count, value);
            const bool sampled = clock_flip_flops(flip_flops, flip_flop_count, value, gate_before);
            if (phase)
                for (int64_t index = 0; index < input_count; ++index)
                    value[input_nets[index]] = inputs[clock * input_count + index];
            // Without new states and inputs nothing has moved outside of the clock's network.
            if (phase || sampled) execute(settle, settle_count, value);
            if (clock < count_from) continue;
            for (int64_t net = 0; net < nets; ++net) {
                const uint64_t changed = (value[net] ^ value_before[net]) & stream_mask;
                if (changed) toggles[net] += __builtin_popcountll(changed);
                if (changed || clock == count_from) ones[net] = __builtin_popcountll(value[net] & stream_mask);
                high[net] += ones[net];
            }
        }
        for (int64_t index = 0; index < output_count; ++index)
            outputs[clock * output_count + index] = value[output_nets[index]];
    }
    return clocks;
}

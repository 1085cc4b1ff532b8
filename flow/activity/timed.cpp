// Event-driven simulation of a netlist with rise and fall delays, one stream at a time.
// timed.py writes the tables. Inertial: an output has at most one change under way, and an evaluation
// that returns to the present value takes it back, as Verilog's paths do with their default pulse limit.

#include <cstdint>
#include <vector>

namespace {

struct Instance {
    int32_t inputs, outputs;   // counts of pins
    int32_t table;             // offset into `tables`
    int32_t first_net;         // offset into `output_nets`
    int32_t delays;            // offset into `delays`
    int32_t by_input_values;   // 1 where the delays depend on the other inputs
};

struct Fanout {
    int32_t instance, pin;
};

// An entry of a cell's table, indexed by its input values and its state above them.
enum : uint16_t { kGate = 1, kNextByLevel = 2, kNextByEdge = 4 };
constexpr int kFirstOutput = 3;

constexpr int64_t kNothing = -1;

struct Pending {
    int64_t time = kNothing;
    int32_t next = -1;
};

class Simulation {
   public:
    const Instance* instances;
    const int32_t* output_nets;
    const uint16_t* tables;
    const int32_t* delays;
    const int64_t* fanout_start;
    const Fanout* fanout;
    int64_t nets, slots;
    std::vector<uint8_t> value;
    std::vector<uint32_t> index;      // per instance: input values, state above them
    std::vector<Pending> pending;     // per net
    std::vector<int32_t> slot_head;
    std::vector<uint64_t> occupied;
    std::vector<int64_t> since;       // per net: time of its last change
    uint64_t* toggles;
    uint64_t* high;
    bool counting = false;
    int64_t now = 0;

    void settle(int32_t id) {
        const Instance& instance = instances[id];
        set_state(id, tables[instance.table + index[id]] & kNextByLevel);
        const uint16_t entry = tables[instance.table + index[id]];
        for (int output = 0; output < instance.outputs; ++output) {
            const int32_t net = output_nets[instance.first_net + output];
            value[net] = entry >> (kFirstOutput + output) & 1;
            copy_to_fanout(net);
        }
    }

    void copy_to_fanout(int32_t net) {
        for (int64_t edge = fanout_start[net]; edge < fanout_start[net + 1]; ++edge) {
            uint32_t& bits = index[fanout[edge].instance];
            bits = (bits & ~(1u << fanout[edge].pin)) | uint32_t{value[net]} << fanout[edge].pin;
        }
    }

    void change(int32_t net, uint8_t level) {
        if (value[net] == level) return;
        if (counting) {
            ++toggles[net];
            if (value[net]) high[net] += now - since[net];
        }
        since[net] = now;
        value[net] = level;
        for (int64_t edge = fanout_start[net]; edge < fanout_start[net + 1]; ++edge)
            input_changed(fanout[edge].instance, fanout[edge].pin);
    }

    // Runs every event before `end`.
    void run_until(int64_t end) {
        while (advance(end)) {
            const int64_t slot = now & (slots - 1);
            const int32_t net = slot_head[slot];
            if (net < 0) {
                occupied[slot >> 6] &= ~(uint64_t{1} << (slot & 63));
                continue;
            }
            slot_head[slot] = pending[net].next;
            pending[net] = Pending{};
            change(net, !value[net]);
        }
        now = end;
    }

   private:
    void set_state(int32_t id, bool state) {
        const uint32_t bit = 1u << instances[id].inputs;
        index[id] = state ? index[id] | bit : index[id] & ~bit;
    }

    void input_changed(int32_t id, int32_t pin) {
        const Instance& instance = instances[id];
        const uint16_t* table = tables + instance.table;
        const uint16_t before = table[index[id]];
        index[id] ^= 1u << pin;
        const uint16_t risen = table[index[id]];
        const bool edge = (risen & kGate) && !(before & kGate);
        set_state(id, risen & (edge ? kNextByEdge : kNextByLevel));
        const uint16_t entry = table[index[id]];
        const uint32_t values = index[id] & ((1u << instance.inputs) - 1);
        const int64_t row = instance.by_input_values ? int64_t{values} * instance.outputs * instance.inputs * 2 : 0;
        for (int output = 0; output < instance.outputs; ++output) {
            const int32_t net = output_nets[instance.first_net + output];
            const uint8_t level = entry >> (kFirstOutput + output) & 1;
            if (level == value[net]) {
                take_back(net);
                continue;
            }
            const int64_t time = now + delays[instance.delays + row + (output * instance.inputs + pin) * 2 + !level];
            if (pending[net].time == kNothing || time < pending[net].time) schedule(net, time);
        }
    }

    void take_back(int32_t net) {
        if (pending[net].time != kNothing) unlink(net);
    }

    void unlink(int32_t net) {
        const int64_t slot = pending[net].time & (slots - 1);
        int32_t* link = &slot_head[slot];
        while (*link != net) link = &pending[*link].next;
        *link = pending[net].next;
        pending[net] = Pending{};
    }

    void schedule(int32_t net, int64_t time) {
        if (pending[net].time != kNothing) unlink(net);
        const int64_t slot = time & (slots - 1);
        pending[net].time = time;
        pending[net].next = slot_head[slot];
        slot_head[slot] = net;
        occupied[slot >> 6] |= uint64_t{1} << (slot & 63);
    }

    // Moves `now` to the next slot that holds events, if that is before `end`.
    bool advance(int64_t end) {
        while (now < end) {
            const int64_t slot = now & (slots - 1);
            const uint64_t word = occupied[slot >> 6] >> (slot & 63);
            if (word) {
                now += __builtin_ctzll(word);
                return now < end;
            }
            now += 64 - (slot & 63);
        }
        return false;
    }
};

}  // namespace

// Times in `units` of timed.py, input_delay below half a period; inputs [clocks, input_count] and outputs [clocks, output_count] hold one bit a byte.
// Instances come drivers first. Returns the number of clocks.
extern "C" uint64_t run(const Instance* instances, int64_t instance_count, const int32_t* output_nets,
                        const uint16_t* tables, const int32_t* delays, const int64_t* fanout_start,
                        const Fanout* fanout, const uint8_t* initial, int64_t nets,
                        int64_t slots, int64_t clock_net, const int32_t* input_nets, int64_t input_count,
                        const uint8_t* inputs, const int32_t* output_port_nets, int64_t output_count, uint8_t* outputs,
                        int64_t clocks, int64_t count_from, int64_t period, int64_t input_delay, uint64_t* toggles,
                        uint64_t* high) {
    Simulation simulation;
    simulation.instances = instances;
    simulation.output_nets = output_nets;
    simulation.tables = tables;
    simulation.delays = delays;
    simulation.fanout_start = fanout_start;
    simulation.fanout = fanout;
    simulation.nets = nets;
    simulation.slots = slots;
    simulation.toggles = toggles;
    simulation.high = high;
    simulation.value.assign(initial, initial + nets);
    simulation.index.assign(instance_count, 0);
    simulation.pending.resize(nets);
    simulation.slot_head.assign(slots, -1);
    simulation.occupied.assign(slots / 64, 0);
    simulation.since.assign(nets, 0);
    for (int64_t net = 0; net < nets; ++net) simulation.copy_to_fanout(net);
    for (int64_t index = 0; index < instance_count; ++index) simulation.settle(index);

    for (int64_t clock = 0; clock < clocks; ++clock) {
        const int64_t edge = clock * period;
        simulation.run_until(edge);
        if (clock == count_from) {
            simulation.counting = true;
            simulation.since.assign(nets, edge);
        }
        for (int64_t index = 0; index < output_count && clock > 0; ++index)
            outputs[(clock - 1) * output_count + index] = simulation.value[output_port_nets[index]];
        simulation.change(clock_net, 1);
        simulation.run_until(edge + input_delay);
        for (int64_t index = 0; index < input_count; ++index)
            simulation.change(input_nets[index], inputs[clock * input_count + index]);
        simulation.run_until(edge + period / 2);
        simulation.change(clock_net, 0);
    }
    const int64_t end = clocks * period;
    simulation.run_until(end);
    for (int64_t index = 0; index < output_count; ++index)
        outputs[(clocks - 1) * output_count + index] = simulation.value[output_port_nets[index]];
    for (int64_t net = 0; net < nets; ++net)
        if (simulation.value[net]) high[net] += end - simulation.since[net];
    return clocks;
}

/* W3 of WORKLOADS.md: a sparse LIF network with dopamine-gated STDP, every plastic synapse brought up to date in every step.
 *
 * Potentiation, which needs the postsynaptic spikes, walks before the pass through the synapses onto the neurons that fired, so that
 * the pass is contiguous. FLAT 0 then makes one fused pass: the eligibility decays, the weight changes and is clipped, and the rows
 * of neurons that fired take in depression and send the current of the next step. It is the reference that ratios are taken to.
 * FLAT 1 is what hand work makes of it: a list of the neurons that fired, depression and sending as walks along it, and one flat,
 * aligned pass that does nothing but decay, change and clip.
 *
 * Connectivity and first weights are given, and the noise is that of neurorl/counter_normal.py, so that this and the JAX
 * network simulate the same. Compiled with -O3 -march=native -mprefer-vector-width=512 -ffast-math. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    const int *start, *target;                /* [E + 1], [synapses]: plastic synapses of row i */
    const int *in_start, *in_synapse, *in_pre; /* [E + 1], [synapses]: those onto neuron j, and where they come from */
    const int *fixed_start, *fixed_target;    /* [N + 1], [fixed synapses] */
    const float *fixed_weight;
    const uint32_t *lanes; /* [N], streams of the noise */
    float *w, *e;          /* [synapses] */
    int64_t t, spikes;
    float v[N], silent[N], x[N], z[N], current[N], noise[N];
    int fired[N];
} Network;

Network *network_new(const int *start, const int *target, const int *in_start, const int *in_synapse, const int *in_pre,
                     const int *fixed_start, const int *fixed_target, const float *fixed_weight, const uint32_t *lanes, float weight)
{
    Network *net = calloc(1, sizeof *net);
    net->start = start; net->target = target;
    net->in_start = in_start; net->in_synapse = in_synapse; net->in_pre = in_pre;
    net->fixed_start = fixed_start; net->fixed_target = fixed_target; net->fixed_weight = fixed_weight;
    net->lanes = lanes;
    const size_t bytes = (start[E] * sizeof(float) + 63) / 64 * 64;
    net->w = aligned_alloc(64, bytes);
    net->e = aligned_alloc(64, bytes);
    for (int k = 0; k < start[E]; k++) net->w[k] = weight, net->e[k] = 0;
    return net;
}

void network_free(Network *net)
{
    free(net->w); free(net->e); free(net);
}

static inline uint32_t mix(uint32_t x)
{
    x ^= x >> 16; x *= 0x21f0aaadu;
    x ^= x >> 15; x *= 0x735a2d97u;
    return x ^ (x >> 15);
}

static void normal(const uint32_t *restrict lanes, int64_t t, float *restrict out)
{
    const uint32_t step = mix((uint32_t)t * 0x9e3779b9u);
    for (int i = 0; i < N; i++) {
        const uint32_t bits = mix(lanes[i] ^ step), pairs = (bits & 0xff00ffu) + ((bits >> 8) & 0xff00ffu);
        const float u = ((int)((pairs & 0xffffu) + (pairs >> 16)) - 510) * (1.0f / 147.80054f), q = u * u;
        out[i] = u * (9.58845204e-01f + q * (1.66711925e-02f + q * (-2.03201070e-03f + q * 3.17702513e-04f)));
    }
}

static inline void potentiate(Network *net, int j, float a)
{
    for (int k = net->in_start[j]; k < net->in_start[j + 1]; k++) net->e[net->in_synapse[k]] += a * net->x[net->in_pre[k]];
}

static inline void send_fixed(Network *net, int i)
{
    for (int k = net->fixed_start[i]; k < net->fixed_start[i + 1]; k++) net->current[net->fixed_target[k]] += net->fixed_weight[k];
}

static void one_step(Network *net)
{
    const float d20 = expf(-1.0f / 20), d200 = expf(-1.0f / 200), a_plus = 0.01f, a_minus = 0.012f, w_max = 0.04f;
    const float gain = (net->t % 1000 < 500 ? 1 : -1) * 0.01f * 0.04f;
    const int *restrict start = net->start, *restrict target = net->target;
    float *restrict w = net->w, *restrict e = net->e, *restrict v = net->v, *restrict silent = net->silent;
    float *restrict x = net->x, *restrict z = net->z, *restrict current = net->current;
    int spikes = 0;

    normal(net->lanes, net->t, net->noise);
    for (int i = 0; i < N; i++) {
        const int active = silent[i] < 0.5f;
        const float u = active ? v[i] * d20 + 0.05f + 0.1f * net->noise[i] + current[i] : v[i];
        const int fires = active && u >= 1;
        if (FLAT) net->fired[spikes] = i;
        spikes += fires;
        z[i] = fires;
        v[i] = fires ? 0 : u;
        silent[i] = fires ? 2 : fmaxf(silent[i] - 1, 0);
        x[i] *= d20;
        current[i] = 0;
    }
#if FLAT
    int excitatory = 0;
    while (excitatory < spikes && net->fired[excitatory] < E) excitatory++;
    for (int f = 0; f < excitatory; f++) potentiate(net, net->fired[f], a_plus / d200);
    for (int f = 0; f < excitatory; f++)
        for (int k = start[net->fired[f]]; k < start[net->fired[f] + 1]; k++) e[k] -= a_minus / d200 * x[target[k]];
    for (int k = 0; k < start[E]; k++) {
        const float tag = e[k] * d200, u = w[k] + gain * tag;
        e[k] = tag;
        w[k] = u < 0 ? 0 : u > w_max ? w_max : u;
    }
    for (int f = 0; f < excitatory; f++)
        for (int k = start[net->fired[f]]; k < start[net->fired[f] + 1]; k++) current[target[k]] += w[k];
    for (int f = 0; f < spikes; f++) send_fixed(net, net->fired[f]);
#else
    for (int j = 0; j < E; j++)
        if (z[j] != 0) potentiate(net, j, a_plus / d200);
    for (int i = 0; i < E; i++) {
        if (z[i] != 0) {
            for (int k = start[i]; k < start[i + 1]; k++) {
                e[k] = e[k] * d200 - a_minus * x[target[k]];
                const float u = w[k] + gain * e[k];
                w[k] = u < 0 ? 0 : u > w_max ? w_max : u;
            }
            for (int k = start[i]; k < start[i + 1]; k++) current[target[k]] += w[k];
        } else {
            for (int k = start[i]; k < start[i + 1]; k++) {
                e[k] *= d200;
                const float u = w[k] + gain * e[k];
                w[k] = u < 0 ? 0 : u > w_max ? w_max : u;
            }
        }
    }
    for (int i = 0; i < N; i++)
        if (z[i] != 0) send_fixed(net, i);
#endif
    for (int i = 0; i < N; i++) x[i] += z[i];
    net->spikes += spikes;
    net->t++;
}

void network_run(Network *net, int steps)
{
    for (int k = 0; k < steps; k++) one_step(net);
}

int64_t network_spikes(const Network *net) { return net->spikes; }

double network_mean_weight(const Network *net)
{
    double sum = 0;
    for (int k = 0; k < net->start[E]; k++) sum += net->w[k];
    return sum / net->start[E];
}

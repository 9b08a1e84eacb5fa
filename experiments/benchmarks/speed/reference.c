/* W1 and W2 of WORKLOADS.md as one fused pass over the synapses a step: the new eligibility, the new weight, and, in the rows
 * that spike next, the current of the next step. Compiled with -O3 -march=native -mprefer-vector-width=512 -ffast-math, with N and
 * M compiled in.
 * All copies advance together for BLOCK = 1; for more, each runs BLOCK steps before the next, in the first-level cache if it is small. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int copies;
    uint32_t *lanes; /* [copies, N] */
    int64_t t;    /* steps done */
    double spikes; /* postsynaptic spikes so far */
    float *w, *e; /* [copies, N, M] */
    float *s, *xp; /* [copies, N], input of the next step, and traces */
    float *v, *xq, *current; /* [copies, M], current of the next step */
} Network;

/* neurorl/counter_random.py: the same input spikes and the same initial weights, so that results can be compared. */
static const uint32_t GOLDEN = 0x9e3779b9u;

static inline uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x21f0aaadu;
    x = (x ^ x >> 15) * 0x735a2d97u;
    return x ^ x >> 15;
}

static inline uint32_t lane(uint32_t seed, uint32_t index) { return mix(mix(seed + GOLDEN) ^ mix(index * GOLDEN + 1)); }

static inline float uniform(uint32_t lane, uint32_t step) { return (int32_t)(mix(lane ^ mix(step * GOLDEN)) >> 8) * 0x1p-24f; }

static inline void bernoulli(const uint32_t *restrict lanes, int n, int64_t t, float *restrict s)
{
    for (int i = 0; i < n; i++) s[i] = uniform(lanes[i], (uint32_t)t) < 0.05f ? 1.0f : 0.0f;
}

Network *network_new(int copies, uint32_t seed)
{
    Network *net = calloc(1, sizeof *net);
    size_t cells = (size_t)copies * N * M;
    *net = (Network){.copies = copies};
    net->w = aligned_alloc(64, cells * 4);
    net->e = aligned_alloc(64, cells * 4);
    memset(net->e, 0, cells * 4);
    for (size_t i = 0; i < cells; i++) net->w[i] = uniform(lane(seed + 1000, i), 0);
    net->lanes = malloc((size_t)copies * N * 4);
    for (int i = 0; i < copies * N; i++) net->lanes[i] = lane(seed, i);
    net->s = malloc((size_t)copies * N * 4);
    net->xp = calloc((size_t)copies * N, 4);
    net->v = calloc((size_t)copies * M, 4);
    net->xq = calloc((size_t)copies * M, 4);
    net->current = calloc((size_t)copies * M, 4);
    bernoulli(net->lanes, copies * N, 0, net->s);
    for (int i = 0; i < copies * N; i++)
        if (net->s[i] != 0)
            for (int j = 0; j < M; j++) net->current[i / N * M + j] += net->w[(size_t)i * M + j];
    return net;
}

void network_free(Network *net)
{
    free(net->w); free(net->e); free(net->s); free(net->xp); free(net->v); free(net->xq); free(net->current); free(net->lanes);
    free(net);
}

static inline void row(float *restrict w, float *restrict e, float *restrict current, const float *restrict q,
                       const float *restrict xq, float gain, float decay, float potentiation, float depression, int spikes_next)
{
    for (int j = 0; j < M; j++) {
        e[j] = e[j] * decay + potentiation * q[j] - depression * xq[j];
        const float u = w[j] + gain * e[j];
        w[j] = u < 0 ? 0 : u > 1 ? 1 : u;
    }
    if (spikes_next)
        for (int j = 0; j < M; j++) current[j] += w[j];
}

static void run_copy(Network *net, int copy, int steps)
{
    const float d20 = expf(-1.0f / 20), d200 = expf(-1.0f / 200), a_plus = 0.01f, a_minus = 0.012f, lr = 0.01f, g = 0.04f * 64 / N;
    float *restrict w = net->w + (size_t)copy * N * M, *restrict e = net->e + (size_t)copy * N * M;
    float *restrict xp = net->xp + (size_t)copy * N, *restrict v = net->v + (size_t)copy * M;
    float s[2][N], xq[M], q[M], current[M];
    float spikes = 0;

    memcpy(s[net->t % 2], net->s + (size_t)copy * N, sizeof s[0]);
    memcpy(xq, net->xq + (size_t)copy * M, sizeof xq);
    memcpy(current, net->current + (size_t)copy * M, sizeof current);
    for (int64_t t = net->t; t < net->t + steps; t++) {
        const float gain = t % 1000 < 500 ? lr : -lr;
        for (int j = 0; j < M; j++) {
            const float u = v[j] * d20 + g * current[j];
            q[j] = u >= 1 ? 1.0f : 0.0f;
            v[j] = u >= 1 ? 0.0f : u;
            xq[j] *= d20;
            spikes += q[j];
            current[j] = 0;
        }
        const float *restrict pre = s[t % 2];
        float *restrict next = s[(t + 1) % 2];
        bernoulli(net->lanes + (size_t)copy * N, N, t + 1, next);
        for (int i = 0; i < N; i++) {
            xp[i] *= d20;
            row(w + (size_t)i * M, e + (size_t)i * M, current, q, xq, gain, d200, a_plus * xp[i], a_minus * pre[i], next[i] != 0);
            xp[i] += pre[i];
        }
        for (int j = 0; j < M; j++) xq[j] += q[j];
    }
    memcpy(net->s + (size_t)copy * N, s[(net->t + steps) % 2], sizeof s[0]);
    memcpy(net->xq + (size_t)copy * M, xq, sizeof xq);
    memcpy(net->current + (size_t)copy * M, current, sizeof current);
    net->spikes += spikes;
}

void network_run(Network *net, int steps)
{
    for (int done = 0; done < steps; done += BLOCK) {
        const int block = steps - done < BLOCK ? steps - done : BLOCK;
        for (int copy = 0; copy < net->copies; copy++) run_copy(net, copy, block);
        net->t += block;
    }
}

double network_spikes(const Network *net) { return net->spikes; }

double network_mean_weight(const Network *net)
{
    const size_t cells = (size_t)net->copies * N * M;
    double sum = 0;
    for (size_t i = 0; i < cells; i++) sum += net->w[i];
    return sum / cells;
}

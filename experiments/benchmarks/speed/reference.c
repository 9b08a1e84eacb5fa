/* W1 and W2 of WORKLOADS.md as one fused pass over the synapses a step: the new eligibility, the new weight, and, in the rows
 * that spike next, the current of the next step. Compiled with -O3 -march=native -ffast-math; copies run one after the other in
 * blocks of steps, so that a small network stays in the first-level cache. N and M are compiled in: it makes W1 2-3 x faster. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int copies;
    uint32_t seed;
    int64_t t;    /* steps done */
    double spikes; /* postsynaptic spikes so far */
    float *w, *e; /* [copies, N, M] */
    float *xp;    /* [copies, N] */
    float *v, *xq; /* [copies, M] */
    float *s, *next_s, *q, *current; /* scratch: [N], [N], [M], [M] */
} Network;

static inline uint32_t mix(uint32_t x) /* Wellons' lowbias32, with the constants of degski */
{
    x ^= x >> 16; x *= 0x21f0aaadu;
    x ^= x >> 15; x *= 0x735a2d97u;
    return x ^ (x >> 15);
}

static void bernoulli(const Network *net, int copy, int64_t t, float *restrict s)
{
    const uint32_t key = mix(net->seed + 0x9e3779b9u * (uint32_t)(copy + 1)), base = mix(key ^ (uint32_t)t);
    const uint32_t below = (uint32_t)(0.05 * 4294967296.0);
    for (int i = 0; i < N; i++) s[i] = mix(base + 0x9e3779b9u * (uint32_t)i) < below ? 1.0f : 0.0f;
}

Network *network_new(int copies, uint32_t seed)
{
    Network *net = calloc(1, sizeof *net);
    size_t cells = (size_t)copies * N * M;
    *net = (Network){.copies = copies, .seed = seed};
    net->w = aligned_alloc(64, cells * 4);
    net->e = aligned_alloc(64, cells * 4);
    memset(net->e, 0, cells * 4);
    for (size_t i = 0; i < cells; i++) net->w[i] = mix(mix((uint32_t)i + seed) + 1) * 0x1p-32f;
    net->xp = calloc((size_t)copies * N, 4);
    net->v = calloc((size_t)copies * M, 4);
    net->xq = calloc((size_t)copies * M, 4);
    net->s = calloc(N, 4);
    net->next_s = calloc(N, 4);
    net->q = calloc(M, 4);
    net->current = calloc(M, 4);
    return net;
}

void network_free(Network *net)
{
    free(net->w); free(net->e); free(net->xp); free(net->v); free(net->xq);
    free(net->s); free(net->next_s); free(net->q); free(net->current);
    free(net);
}

static void run_copy(Network *net, int copy, int steps)
{
    const float d20 = expf(-1.0f / 20), d200 = expf(-1.0f / 200), a_plus = 0.01f, a_minus = 0.012f, lr = 0.01f, g = 0.04f * 64 / N;
    float *restrict w = net->w + (size_t)copy * N * M, *restrict e = net->e + (size_t)copy * N * M;
    float *restrict xp = net->xp + (size_t)copy * N, *restrict v = net->v + (size_t)copy * M, *restrict xq = net->xq + (size_t)copy * M;
    float *restrict s = net->s, *restrict next_s = net->next_s, *restrict q = net->q, *restrict current = net->current;
    float spikes = 0;

    bernoulli(net, copy, net->t, s);
    memset(current, 0, M * 4);
    for (int i = 0; i < N; i++)
        if (s[i] != 0)
            for (int j = 0; j < M; j++) current[j] += w[(size_t)i * M + j];
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
        bernoulli(net, copy, t + 1, next_s);
        for (int i = 0; i < N; i++) {
            const float potentiation = a_plus * (xp[i] *= d20), depression = a_minus * s[i];
            float *restrict wi = w + (size_t)i * M, *restrict ei = e + (size_t)i * M;
            if (next_s[i] != 0)
                for (int j = 0; j < M; j++) {
                    ei[j] = ei[j] * d200 + potentiation * q[j] - depression * xq[j];
                    const float u = wi[j] + gain * ei[j];
                    wi[j] = u < 0 ? 0 : u > 1 ? 1 : u;
                    current[j] += wi[j];
                }
            else
                for (int j = 0; j < M; j++) {
                    ei[j] = ei[j] * d200 + potentiation * q[j] - depression * xq[j];
                    const float u = wi[j] + gain * ei[j];
                    wi[j] = u < 0 ? 0 : u > 1 ? 1 : u;
                }
            xp[i] += s[i];
        }
        for (int j = 0; j < M; j++) xq[j] += q[j];
        float *swap = s; s = next_s; next_s = swap;
    }
    net->spikes += spikes;
}

void network_run(Network *net, int steps)
{
    for (int done = 0; done < steps; done += 100) {
        const int block = steps - done < 100 ? steps - done : 100;
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

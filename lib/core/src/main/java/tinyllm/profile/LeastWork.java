package tinyllm.profile;

import tinyllm.course.ReferenceUse;

/** Each weight, key and value is read once, however many tokens use it. */
public final class LeastWork implements WorkFn {

    @Override
    public Work linear(int tokens, int in, int out, double bitsPerWeight) {
        ReferenceUse.note("4.6 work");
        double weights = (double) in * out;
        return new Work(2 * weights * tokens, weights * bitsPerWeight / 8 + 4.0 * tokens * (in + out));
    }

    @Override
    public Work attention(int tokens, int cached, int heads, int kvHeads, int headDim, int kvBytes) {
        ReferenceUse.note("4.6 work");
        double pairs = (double) tokens * cached + tokens * (tokens + 1.0) / 2;
        double keysAndValues = 2.0 * (cached + tokens) * kvHeads * headDim * kvBytes;
        return new Work(4.0 * heads * headDim * pairs, keysAndValues + 2.0 * 4 * tokens * heads * headDim);
    }
}

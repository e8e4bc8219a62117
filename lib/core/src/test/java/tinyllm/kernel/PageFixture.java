package tinyllm.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tinyllm.kernel.PagedAttention.Sequence;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * Pages filled by {@code kv.h}'s words, one number after another, with the numbers that they then hold. Only the last layer has keys and
 * values; what nobody wrote is NaN.
 */
final class PageFixture {
    static final double THETA = 1e4;

    private final PageForm form;
    private final boolean neighbours;
    private final int pages;
    private final ByteBuffer bytes;
    private final float[] bias; // [H_kv, D]
    private final float[] keys; // [pages, H_kv, tokens, D], as they are stored
    private final float[] values;

    /** Nothing is written yet. */
    private PageFixture(PageForm form, int pages, boolean neighbours, boolean biased) {
        this.form = form;
        this.neighbours = neighbours;
        this.pages = pages;
        this.bytes = ByteBuffer.allocate((int) (form.pageBytes() * pages)).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.fill(bytes.array(), (byte) 0xff);
        this.bias = new float[form.kvHeads() * form.headDim()];
        for (int i = 0; i < bias.length && biased; i++) { // most are small, and a few of a head are large
            int d = i % form.headDim();
            bias[i] = d == 3 ? 140 : d == form.headDim() / 2 ? -60 : (float) Math.sin(i);
        }
        this.keys = new float[pages * form.kvHeads() * form.pageTokens() * form.headDim()];
        this.values = keys.clone();
    }

    /** Every token of every page. */
    PageFixture(PageForm form, int pages, boolean neighbours) {
        this(form, pages, neighbours, true);
        for (int page = 0; page < pages; page++) {
            fill(page, form.pageTokens());
        }
    }

    /** The sequences' tokens and no more. */
    static PageFixture of(PageForm form, List<Sequence> sequences, boolean neighbours, boolean biased) {
        int pages = sequences.stream().mapToInt(s -> s.pages().length).sum();
        PageFixture fixture = new PageFixture(form, pages + 1, neighbours, biased);
        for (Sequence s : sequences) {
            int tokens = s.position() + s.rows();
            for (int i = 0; i < s.pages().length; i++) {
                fixture.fill(s.pages()[i], Math.min(form.pageTokens(), tokens - i * form.pageTokens()));
            }
        }
        return fixture;
    }

    private void fill(int page, int tokens) {
        Random random = new Random(page);
        for (int head = 0; head < form.kvHeads(); head++) {
            for (int token = 0; token < tokens; token++) {
                float[] key = normal(random);
                float[] value = normal(random);
                int at = ((page * form.kvHeads() + head) * form.pageTokens() + token) * form.headDim();
                int blocks = form.kvHeads() * (form.pageTokens() / 16);
                int block = head * (form.pageTokens() / 16) + token / 16;
                long part = page * form.pageBytes() + (form.layers() - 1) * form.layerBytes();
                put(form.keys(), (int) part + block * block(form.keys()), true, token % 16, key, keys, at);
                int behind = (int) part + blocks * block(form.keys());
                put(form.values(), behind + block * block(form.values()), false, token % 16, value, values, at);
            }
        }
    }

    private float[] normal(Random random) {
        float[] numbers = new float[form.headDim()];
        for (int d = 0; d < numbers.length; d++) {
            numbers[d] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private int numbers(KvKind kind) {
        return 16 * form.storedDim() * kind.bits() / 8;
    }

    private int groups() {
        return Math.ceilDiv(form.storedDim(), PageForm.GROUP);
    }

    private int block(KvKind kind) {
        return numbers(kind) + (kind.isQuantized() ? 64 * groups() : 0);
    }

    /** One token of a block, keys [dim][16] or values [16][dim]; what it holds then goes to held, from at on. */
    private void put(KvKind kind, int block, boolean key, int token, float[] x, float[] held, int at) {
        int dim = form.storedDim();
        for (int d = 0; d < x.length; d++) {
            int number = key ? 16 * d + token : token * dim + d;
            switch (kind) {
                case F32 -> bytes.putFloat(block + 4 * number, held[at + d] = x[d]);
                case F16 -> {
                    bytes.putShort(block + 2 * number, Float.floatToFloat16(x[d]));
                    held[at + d] = Float.float16ToFloat(Float.floatToFloat16(x[d]));
                }
                case BF16 -> {
                    short high = (short) (Float.floatToRawIntBits(x[d]) >>> 16);
                    bytes.putShort(block + 2 * number, high);
                    held[at + d] = Float.intBitsToFloat(high << 16);
                }
                default -> {
                    int group = d / PageForm.GROUP;
                    int half = key ? 32 * group + token : 2 * (groups() * token + group);
                    int scales = block + numbers(kind) + 2 * half;
                    held[at + d] = code(kind, block, key, token, d, x, scales, scales + (key ? 32 : 2));
                }
            }
        }
    }

    private float code(KvKind kind, int block, boolean key, int token, int d, float[] x, int scale, int zero) {
        int first = d / PageForm.GROUP * PageForm.GROUP;
        float low = x[first];
        float high = x[first];
        for (int i = first; i < Math.min(x.length, first + PageForm.GROUP); i++) {
            low = Math.min(low, x[i]);
            high = Math.max(high, x[i]);
        }
        int levels = (1 << kind.bits()) - 1;
        bytes.putShort(scale, Float.floatToFloat16((high - low) / levels));
        bytes.putShort(zero, Float.floatToFloat16(low));
        float step = Float.float16ToFloat(bytes.getShort(scale));
        float base = Float.float16ToFloat(bytes.getShort(zero));
        int code = Math.clamp((int) Math.rint((x[d] - base) / step), 0, levels);
        if (kind == KvKind.INT8) {
            bytes.put(block + (key ? 16 * d + token : token * form.storedDim() + d), (byte) code);
        } else {
            int pair = d / 32 * 16 + d % 16; // c and c + 16 of each 32 share a byte
            int at = block + (key ? 16 * pair + token : token * form.storedDim() / 2 + pair);
            int old = bytes.get(at);
            bytes.put(at, (byte) (d % 32 < 16 ? old & 0xf0 | code : old & 0x0f | code << 4));
        }
        return step * code + base;
    }

    CodedPages pages(boolean biased) {
        Tensor all = TensorBytes.tensor(bytes.array(), DType.U8, new int[] {pages, (int) form.pageBytes()});
        return new CodedPages(form, all, turn(biased));
    }

    private KeyTurn turn(boolean biased) {
        Tensor one = Tensor.of(bias, bias.length);
        Tensor none = Tensor.zeros(DType.F32, bias.length); // of the layers that nobody reads
        Tensor[] biases = new Tensor[form.layers()];
        Arrays.fill(biases, none);
        biases[biases.length - 1] = one;
        return new KeyTurn(THETA, neighbours, biased ? List.of(biases) : List.of());
    }

    /** A sequence's keys as attention is to see them, {@code [1, H_kv, tokens, D]}. */
    Tensor keys(Sequence sequence) {
        Tensor k = gathered(keys, sequence);
        if (!form.beforeRotation()) {
            return k;
        }
        Tensor b = Tensor.of(bias, 1, form.kvHeads(), 1, form.headDim());
        double[] turned = Oracle.rope(k.add(b), 0, THETA, neighbours);
        float[] rounded = new float[turned.length];
        for (int i = 0; i < turned.length; i++) {
            rounded[i] = (float) turned[i];
        }
        return Tensor.of(rounded, k.shape());
    }

    Tensor values(Sequence sequence) {
        return gathered(values, sequence);
    }

    private Tensor gathered(float[] numbers, Sequence sequence) {
        Tensor all = Tensor.of(numbers, pages, form.kvHeads(), form.pageTokens(), form.headDim());
        return PagedAttentionTest.gathered(all, sequence);
    }
}

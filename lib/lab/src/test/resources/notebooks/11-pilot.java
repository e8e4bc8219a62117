// %% [markdown]
// # A pilot
//
// The driver's own tests run this chapter: real exercises, a few cells.

// %%
var scores = Tensor.of(new float[][] {{1, 2, 3}, {3, 2, 1}});

// %% tags=["exercise"] exercise="1.1 softmax"
class MySoftmax implements SoftmaxFn {
    public Tensor softmax(Tensor scores) { // [..., S] → [..., S]
        // BEGIN SOLUTION subtract each row's maximum, exp, divide by the row's sum
        Tensor e = scores.sub(scores.maxKeep(-1)).exp();
        return e.div(e.sumKeep(-1));
        // END SOLUTION
    }
}

// %%
check("1.1 softmax", MySoftmax::new);
// hint("1.1 softmax")
// solution("1.1 softmax")

// %%
new MySoftmax().softmax(scores)

// %% [markdown]
// The next one brings a wrong answer of its own, and a region that leaves nothing behind.

// %% tags=["exercise"] exercise="1.1 weights"
class MyAttention implements AttentionFn {
    // BEGIN SOLUTION omit
    private final SoftmaxFn softmax = new MySoftmax();
    // END SOLUTION
    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) { // [..., L, S]
        // BEGIN SOLUTION scale the products, add the mask, softmax
        Tensor scores = q.matmul(k.swapAxes(-1, -2)).mul(scale);
        return softmax.softmax(mask == null ? scores : scores.add(mask));
        // END SOLUTION
    }
}

// %% wrong="1.1 weights"
class MyAttention implements AttentionFn {
    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) {
        Tensor scores = q.matmul(k.swapAxes(-1, -2));
        return new MySoftmax().softmax(mask == null ? scores : scores.add(mask));
    }
}

// %%
check("1.1 weights", MyAttention::new);

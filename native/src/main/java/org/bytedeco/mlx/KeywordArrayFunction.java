package org.bytedeco.mlx;

/** A function of positional and named arrays. The arguments are valid during the call; the arrays they hand out are yours. */
@FunctionalInterface
public interface KeywordArrayFunction {
    ArrayVector apply(ArrayVector args, ArrayMap kwargs);
}

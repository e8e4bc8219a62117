/**
 * What a tensor does, written out over plain Java arrays: a matrix product as three loops, broadcasting, an image's axes, a softmax
 * that does not overflow (chapter 0.1), a product with weights of 4 bits (chapter 2.2), attention that never has all its scores (chapter
 * 2.4). The slow truth that the fast forms are compared with.
 */
@NullMarked
package tinyllm.arrays;

import org.jspecify.annotations.NullMarked;

package tinyllm.sampling.grammar;

import java.util.List;

/** A node of the tree of all tokens by their bytes: the way from the root to it spells the first bytes of every token below (chapter 4.3). */
public interface TokenNode {

    /** The byte that leads here, 0…255; −1 for the root. */
    int value();

    /** One for each byte that some token goes on with, rising. */
    List<TokenNode> children();

    /** Ids of the tokens whose last byte is this node's; mostly none or one. */
    int[] tokens();
}

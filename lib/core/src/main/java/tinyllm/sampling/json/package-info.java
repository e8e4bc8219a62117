/**
 * A JSON Schema becomes a grammar whose strings all validate against it (chapter 4.3). Where a schema leaves a choice that a reader of
 * JSON does not see, the grammar takes one: properties come in the order in which they are declared, numbers have at most 15 digits on
 * either side of the point, blanks are few.
 */
@NullMarked
package tinyllm.sampling.json;

import org.jspecify.annotations.NullMarked;

package tinyllm.lab.mine;

import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.util.function.Consumer;
import javax.lang.model.element.Element;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.Elements;
import org.jspecify.annotations.Nullable;

/** Walks over a declaration and reports what its names mean: elements of the session, and types and static members from outside. */
final class Uses extends TreePathScanner<@Nullable Void, @Nullable Void> {

    private final Trees trees;
    private final Elements elements;
    private final Names names;
    private final Consumer<Element> used;

    Uses(Trees trees, Elements elements, Names names, Consumer<Element> used) {
        this.trees = trees;
        this.elements = elements;
        this.names = names;
        this.used = used;
    }

    @Override
    public @Nullable Void visitIdentifier(IdentifierTree name, @Nullable Void nothing) {
        Element element = element();
        if (element != null) {
            used.accept(element);
            outside(element);
        }
        return super.visitIdentifier(name, nothing);
    }

    @Override
    public @Nullable Void visitMemberSelect(MemberSelectTree select, @Nullable Void nothing) {
        Element element = element();
        if (element != null) {
            used.accept(element);
        }
        return super.visitMemberSelect(select, nothing);
    }

    @Override
    public @Nullable Void visitMemberReference(MemberReferenceTree reference, @Nullable Void nothing) {
        Element element = element();
        if (element != null) {
            used.accept(element);
        }
        return super.visitMemberReference(reference, nothing);
    }

    private @Nullable Element element() {
        Tree leaf = getCurrentPath().getLeaf();
        return leaf == null ? null : trees.getElement(getCurrentPath());
    }

    private void outside(Element element) {
        if (element instanceof TypeElement type) {
            Element around = type.getEnclosingElement();
            String home = around instanceof TypeElement outer
                    ? outer.getQualifiedName().toString()
                    : elements.getPackageOf(type).getQualifiedName().toString();
            names.type(home, type.getQualifiedName().toString());
        } else if (element.getModifiers().contains(Modifier.STATIC)
                && element.getEnclosingElement() instanceof TypeElement owner) {
            names.staticMember(
                    owner.getQualifiedName().toString(), element.getSimpleName().toString());
        }
    }
}

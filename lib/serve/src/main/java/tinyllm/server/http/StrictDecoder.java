package tinyllm.server.http;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;

/** Netty's decoder, which refuses what two servers in a row could read in two ways. */
final class StrictDecoder extends HttpRequestDecoder {

    private static final int CHUNK = 16 << 10;

    StrictDecoder(int headerBytes) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(headerBytes)
                .setMaxHeaderSize(headerBytes)
                .setMaxChunkSize(CHUNK)
                .setValidateHeaders(true)
                .setAllowDuplicateContentLengths(false));
    }

    /** Netty would drop the length and go on. */
    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("both Content-Length and Transfer-Encoding");
    }
}

"""Points by a semi-supervised GAN: the discriminator also learns the mode of those points whose label is known."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1110)
X, modes = ring()
labels = keras.utils.to_categorical(modes, 8).astype("float32")
flags = (tf.range(len(X)) % 10 == 0).numpy().astype("float32")
G, D = dense(8, 2, name="G"), dense(2, 9, name="D")
opt_d, opt_g = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
batch_size = 128


def sigmoid_loss(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(label * tf.ones_like(logits), logits))


@tf.function
def train_d(real, label, flag):
    with tf.GradientTape() as tape:
        out_r, out_f = D(real), D(G(tf.random.normal((batch_size, 8))))
        d_loss_r, d_loss_f = sigmoid_loss(out_r[:, 8], 1.0), sigmoid_loss(out_f[:, 8], 0.0)
        s_l_r = tf.reduce_mean(flag * tf.nn.softmax_cross_entropy_with_logits(label, out_r[:, :8]))
        d_regular = 1e-5 * tf.add_n([tf.nn.l2_loss(v) for v in D.trainable_variables])
        d_loss = -d_loss_r + d_loss_f + s_l_r * 10 + d_regular
    opt_d.apply_gradients(zip(tape.gradient(d_loss, D.trainable_variables), D.trainable_variables))
    return d_loss, d_loss_r, s_l_r


@tf.function
def train_g():
    with tf.GradientTape() as tape:
        g_loss = sigmoid_loss(D(G(tf.random.normal((batch_size, 8))))[:, 8], 1.0)
    opt_g.apply_gradients(zip(tape.gradient(g_loss, G.trainable_variables), G.trainable_variables))
    return g_loss


data = tf.data.Dataset.from_tensor_slices((X, labels, flags)).shuffle(4000).repeat().batch(batch_size)
for it, batch in enumerate(data.take(1500)):
    d_loss, d_loss_r, s_l_r = train_d(*batch)
    g_loss = train_g()
    if it % 150 == 0:
        print(f"[iter {it}] loss_d: {d_loss:.4f}, loss_g: {g_loss:.4f}, d1: {d_loss_r:.4f}, classes: {s_l_r:.4f}")

ending(G(tf.random.normal((1000, 8))), X[:2000], classes=s_l_r, d_loss=d_loss, g_loss=g_loss)
